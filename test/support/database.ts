import { Client, Pool, types } from 'pg';

// Text for everything that JavaScript would round or shift: the comparison is of SQL's own text.
type Parser = (text: string) => unknown;
const asText = {
  getTypeParser: (oid: number): Parser => (oid === 16 ? (types.getTypeParser(16) as Parser) : (text) => text),
};

/** A database of one test. Connections that a restarted server cut are replaced; the query that was cut throws. */
export interface Database {
  readonly url: string;
  readonly name: string;
  /** Rows as objects; every value but booleans as PostgreSQL's text. */
  query(text: string, values?: readonly unknown[]): Promise<Record<string, string | boolean | null>[]>;
  /** The first column of the first row, as text. */
  value(text: string, values?: readonly unknown[]): Promise<string>;
  /** A connection of its own, for transactions; the caller ends it. */
  connect(): Promise<Client>;
  close(): Promise<void>;
}

export async function createDatabase(serverUrl: string, name: string): Promise<Database> {
  const server = new Client({ connectionString: serverUrl });
  await server.connect();
  try {
    await server.query(`create database "${name}"`);
  } finally {
    await server.end();
  }
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return openDatabase(url.toString());
}

export function openDatabase(url: string): Database {
  const pool = new Pool({ connectionString: url, max: 4, types: asText });
  pool.on('error', () => undefined); // an idle connection cut by a restart; the next query opens another
  const query = async (text: string, values: readonly unknown[] = []) =>
    (await pool.query<Record<string, string | boolean | null>>(text, [...values])).rows;
  return {
    url,
    name: new URL(url).pathname.slice(1),
    query,
    value: async (text, values) => {
      const [row] = await query(text, values);
      return String(Object.values(row ?? {})[0] ?? '');
    },
    connect: async () => {
      const client = new Client({ connectionString: url, types: asText });
      client.on('error', () => undefined); // as above: the running query is rejected as well
      await client.connect();
      return client;
    },
    close: () => pool.end(),
  };
}
