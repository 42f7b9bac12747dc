import { Client } from 'pg';

/** What capture's connections set; written down a second time, since this is what they are measured against. */
const settings = [
  ['TimeZone', 'UTC'],
  ['DateStyle', 'ISO'],
  ['IntervalStyle', 'postgres'],
  ['extra_float_digits', '3'],
  ['bytea_output', 'hex'],
  ['lc_monetary', 'C'],
  ['quote_all_identifiers', 'off'],
  ['search_path', 'pg_catalog'],
] as const;

export type Texts = Readonly<Record<string, string | null>>;

/** A connection that is given every value as the server writes it. */
export async function openTruth(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, types: { getTypeParser: () => (text: string) => text } });
  client.on('error', () => undefined); // the database may be dropped under it
  await client.connect();
  for (const [name, value] of settings) await client.query(`select set_config($1, $2, false)`, [name, value]);
  return client;
}

/** The rows of a table in the order of their ids, as texts. */
export async function textsOf(client: Client, table: string, where = 'true'): Promise<Texts[]> {
  const { rows } = await client.query<Texts>(`select * from ${table} where ${where} order by id`);
  return rows;
}
