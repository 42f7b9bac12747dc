import { Client, DatabaseError } from 'pg';
import { InvalidConfig, Unavailable } from '../../model/errors';
import { unreadableFile } from '../../model/judge-login';

export interface Statement {
  /** Prepared once per connection under this name; the same name always has the same text. */
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly (string | number | null | readonly string[])[];
  /** Every value of the answer as the server writes it, not as the driver reads it. */
  readonly asText?: boolean;
}

const textOnly = { getTypeParser: () => (text: string) => text };

export interface Answer {
  readonly rows: readonly Readonly<Record<string, string | number | boolean | null>>[];
  /** Rows inserted, updated or deleted; 0 for statements that have no count. */
  readonly count: number;
  /** What the server says it did: `COMMIT`, or `ROLLBACK` for the commit of a failed transaction. */
  readonly command: string;
}

/**
 * One connection, as much of it as this store needs: tests stand between it and the server. `query` rejects with the
 * server's own `DatabaseError`, or with `Unavailable` when there was no answer; the connection is then of no more use.
 * Statements reach the server in the order of the calls, which need not wait for each other's answers.
 */
export interface Connection {
  readonly usable: boolean;
  query(statement: Statement): Promise<Answer>;
  /** Cuts the connection at once; the server rolls back what was open. */
  destroy(): void;
  end(): Promise<void>;
}

export interface ConnectOptions {
  readonly url: string;
  /** Up to 63 bytes, seen in `pg_stat_activity`. */
  readonly applicationName: string;
  readonly settings?: Readonly<Record<string, string>>;
}

export type Connect = (options: ConnectOptions) => Promise<Connection>;

const statementTimeoutMs = 30_000;
/** The server ends a statement first; this one is for a server that can no longer answer. */
const silenceMs = statementTimeoutMs + 5_000;
const goodbyeMs = 2_000;

/** What every connection sets, whatever the server, database or role say. */
const sessionSettings: Readonly<Record<string, string>> = {
  statement_timeout: `${statementTimeoutMs}ms`,
  lock_timeout: '5s',
  default_transaction_isolation: 'read committed',
  // A process that was stopped inside a transaction must not hold its locks for ever.
  idle_in_transaction_session_timeout: '60s',
  // Values travel as text: one form, in both directions.
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  // As capture's connections have it: money is read as it was written.
  lc_monetary: 'C',
  // Content is what an xml column may hold; `document` would refuse some of it.
  xmloption: 'content',
  // NULL in an array's text is NULL.
  array_nulls: 'on',
  quote_all_identifiers: 'off',
  jit: 'off',
};

/** Opens a connection. Throws `Unavailable`, `InvalidConfig` for a malformed URL, or the server's `DatabaseError`. */
export async function connectTo({ url, applicationName, settings = {} }: ConnectOptions): Promise<Connection> {
  const client = createClient(url);
  let usable = true;
  const lost = () => {
    usable = false;
  };
  // Without a listener a connection that ends between two statements would end the process.
  client.on('error', lost);
  client.on('end', lost);
  // Counted from the last answer and not from a statement's sending: what was sent ahead waits for what is before it.
  let waiting = 0;
  let silence: NodeJS.Timeout | undefined;
  const listen = (change: 1 | -1) => {
    waiting += change;
    if (change === 1 && waiting > 1) return;
    clearTimeout(silence);
    if (waiting > 0) silence = setTimeout(() => connection.destroy(), silenceMs);
  };
  const connection: Connection = {
    get usable() {
      return usable;
    },
    async query({ name, text, values, asText = false }) {
      if (!usable) throw unanswered(null);
      listen(1);
      try {
        const { rows, rowCount, command } = await client.query<Answer['rows'][number]>({
          text,
          ...(name === undefined ? {} : { name }),
          ...(values === undefined ? {} : { values: [...values] }),
          ...(asText ? { types: textOnly } : {}),
        });
        return { rows, count: rowCount ?? 0, command };
      } catch (error) {
        if (error instanceof DatabaseError) {
          // The last thing it says: whoever asks next gets a new connection, not the end of this one.
          if (endsConnection(error)) connection.destroy();
          throw error;
        }
        // No answer: nobody knows what the server did, so nothing may follow on this connection.
        connection.destroy();
        throw unanswered(error);
      } finally {
        listen(-1);
      }
    },
    destroy() {
      usable = false;
      client.connection.stream.destroy();
    },
    async end() {
      usable = false;
      // A server that stands still would never say goodbye.
      const patience = setTimeout(() => client.connection.stream.destroy(), goodbyeMs);
      await client.end().catch(() => undefined); // ended already: that is what was wanted
      clearTimeout(patience);
    },
  };
  try {
    await client.connect();
    await connection.query(setAll({ application_name: applicationName, ...sessionSettings, ...settings }));
    return connection;
  } catch (error) {
    connection.destroy();
    if (error instanceof Error && /client password must be a/.test(error.message)) throw passwordMissing();
    throw error instanceof DatabaseError || error instanceof Unavailable ? error : unanswered(error);
  }
}

/** The driver's own words for it are about types, and trying again would never mend it. */
function passwordMissing(): InvalidConfig {
  return new InvalidConfig('The PostgreSQL server of a store asks for a password, and its URL has none: add it.');
}

function createClient(url: string) {
  try {
    const client = new Client({
      connectionString: url,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      // A statement is sent when it is asked for, not when the one before is answered.
      pipeline: true,
    });
    return client as typeof client & { connection: { stream: { destroy(): void } } };
  } catch (error) {
    // The driver's message may quote the URL, and with it the password.
    const otherwise = 'The connection string of a PostgreSQL store is not a URL: correct the variable it is in.';
    throw new InvalidConfig(unreadableFile(error) ?? otherwise);
  }
}

function setAll(settings: Readonly<Record<string, string>>): Statement {
  const entries = Object.entries(settings);
  const calls = entries.map((_, index) => `set_config($${index * 2 + 1}, $${index * 2 + 2}, false)`);
  // Invariant 3: "durable" means durable, also where the role's default is asynchronous commit.
  const durable = `set_config('synchronous_commit', case current_setting('synchronous_commit')
    when 'off' then 'on' when 'local' then 'on' else current_setting('synchronous_commit') end, false)`;
  return { text: `select ${[...calls, durable].join(', ')}`, values: entries.flat() };
}

/** Ended by an operator, a shutdown, a crash or a time-out. The severity would say so, in the server's language. */
function endsConnection({ code = '' }: DatabaseError): boolean {
  return /^(57P|08|25P0[34])/.test(code);
}

function unanswered(error: unknown): Unavailable {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return new Unavailable(`PostgreSQL did not answer, or its connection was lost${code}. It is tried again.`);
}

/** Runs `work` in one transaction; whatever it throws, nothing of it stays. */
export async function inTransaction<Result>(
  connection: Connection,
  work: () => Promise<Result>,
  begin = 'begin',
): Promise<Result> {
  await connection.query({ text: begin });
  try {
    const result = await work();
    await connection.query({ text: 'commit' });
    return result;
  } catch (error) {
    await rollback(connection);
    throw error;
  }
}

/** Never throws: a connection on which even this fails is destroyed, and the server rolls back by itself. */
export async function rollback(connection: Connection): Promise<void> {
  if (!connection.usable) return;
  try {
    await connection.query({ text: 'rollback' });
  } catch {
    connection.destroy();
  }
}
