import type { Connection } from './connection';
import { generationPattern, liveTable, qualified, recordTable } from './names';
import { readForeign } from './readers';

/** The server, this role's rights on it, and what is there under the store's names. */
export interface StoreFacts {
  readonly version: string;
  readonly versionNumber: number;
  readonly readOnly: boolean;
  readonly database: string;
  readonly role: string;
  /** CREATE on the database: each generation is a schema of its own. */
  readonly mayCreate: boolean;
  /** The readers' schema; null when it is still to be made. */
  readonly schema: {
    readonly mayCreate: boolean;
    /** Whose it is, as it says itself; null when nobody has claimed it. */
    readonly owner: Owner | null;
    /** It is a generation's schema, which holds tables and no views. */
    readonly isGeneration: boolean;
  } | null;
  /** What stands in the readers' schema where our views must go. */
  readonly foreignNames: readonly string[];
  /** Schemas named like generations of this store, and whose they are; null when they have no record. */
  readonly generations: readonly { readonly schema: string; readonly owner: Owner | null }[];
}

export interface Owner {
  readonly pipeline: string;
  readonly store: string;
}

/** `targets`: the names of the views readers will see. */
export async function readStore(
  connection: Connection,
  { schema, targets }: { readonly schema: string; readonly targets: readonly string[] },
): Promise<StoreFacts> {
  const { rows } = await connection.query({
    text: `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
  pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as read_only,
  current_database()::text as database, current_user::text as role,
  has_database_privilege(current_database(), 'create') as may_create,
  (select has_schema_privilege(oid, 'create') and has_schema_privilege(oid, 'usage')
     from pg_namespace where nspname = $1) as may_create_in_schema`,
    values: [schema],
  });
  const row = rows[0] ?? {};
  const inSchema = row['may_create_in_schema'] ?? null;
  const exists = inSchema !== null;
  return {
    version: String(row['version']),
    versionNumber: Number(row['number']),
    readOnly: row['read_only'] === true,
    database: String(row['database']),
    role: String(row['role']),
    mayCreate: row['may_create'] === true,
    schema: exists
      ? {
          mayCreate: inSchema === true,
          owner: await readOwner(connection, schema, liveTable),
          isGeneration: await hasTable(connection, schema, recordTable),
        }
      : null,
    foreignNames: exists ? await readForeign(connection, { schema, targets }) : [],
    generations: await readGenerations(connection, schema),
  };
}

async function readGenerations(connection: Connection, schema: string): Promise<StoreFacts['generations']> {
  const { rows } = await connection.query({
    text: 'select nspname as schema from pg_namespace where nspname ~ $1 order by 1',
    values: [generationPattern(schema)],
  });
  const names = rows.map((row) => String(row['schema']));
  const found: { schema: string; owner: Owner | null }[] = [];
  for (const name of names) found.push({ schema: name, owner: await readOwner(connection, name, recordTable) });
  return found;
}

/** Whose a schema is, by a table of ours in it; null also when this role may not read that. */
async function readOwner(connection: Connection, schema: string, table: string): Promise<Owner | null> {
  if (!(await hasTable(connection, schema, table))) return null;
  const { rows } = await connection.query({
    text: `select pipeline, store from ${qualified(schema, table)} limit 1`,
  });
  const row = rows[0];
  return row ? { pipeline: String(row['pipeline']), store: String(row['store']) } : null;
}

async function hasTable(connection: Connection, schema: string, table: string): Promise<boolean> {
  const { rows } = await connection.query({
    text: `select from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = $2 and c.relkind = 'r'
  and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')`,
    values: [schema, table],
  });
  return rows.length > 0;
}
