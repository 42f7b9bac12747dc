import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { projectFolder } from './project-folder';
import { createSeed, seedTables } from './seed';

const firstSeed = 2014;

/** The same server, another database. */
export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.toString();
}

/** Creates what is missing of the two databases and loads the shop once. Returns whether it was loaded now. */
export async function ensureShop(serverUrl: string): Promise<boolean> {
  await withClient(serverUrl, async (client) => {
    for (const name of ['shop', 'shop_replica']) {
      const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
      if (rowCount === 0) await client.query(`create database ${name}`);
    }
  });
  return withClient(databaseUrl(serverUrl, 'shop'), loadOnce);
}

async function loadOnce(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ loaded: boolean }>(
    `select to_regclass('public.customers') is not null as loaded`,
  );
  if (rows[0]?.loaded === true) return false;
  const schema = await readFile(join(projectFolder, 'examples/shop/schema.sql'), 'utf8');
  const seed = createSeed(firstSeed);
  // One transaction: a load that was interrupted leaves nothing, so that "the table is there" means "all of it is".
  await client.query('begin');
  await client.query(schema);
  for (const table of seedTables) await insert(client, table, seed[table]);
  await client.query('commit');
  // Estimates for the copy's progress bar.
  await client.query('analyze');
  return true;
}

/** Columns that the rows do not name (ids) take their defaults. */
async function insert(client: Client, table: (typeof seedTables)[number], rows: readonly object[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).join(', ');
  const records = `json_populate_recordset(null::${table}, $1)`;
  await client.query(`insert into ${table} (${columns}) select ${columns} from ${records}`, [JSON.stringify(rows)]);
}

/** A connection for as long as `use` runs. Times are read and written in UTC. */
export async function withClient<Result>(url: string, use: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url, options: '-c TimeZone=UTC' });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
