import type { Client } from 'pg';
import { formatTableName, parseTableName, type TableName } from '../model/change';
import { InvalidConfig } from '../model/errors';
import type { Column, TableSchema } from '../model/schema';
import { chooseKey, type UniqueIndex } from './key';
import { schemaChanged, schemaDifference } from './relations';

/** A captured table, with what only capture needs to know. */
export interface CapturedTable extends TableSchema {
  readonly partitioned: boolean;
  /** Leaf partitions (or the table itself) whose replica identity is not FULL. */
  readonly notFull: readonly string[];
}

interface TableRow {
  readonly oid: string;
  readonly kind: string;
  readonly persistence: string;
  readonly partition: string;
  readonly identity: string;
  readonly estimate: string;
  readonly readable: string;
}

/**
 * Reads the captured tables from the source's catalogue, in the order given. Throws `InvalidConfig` that names every
 * table which cannot be captured, with the statement that mends it.
 */
export async function readCatalogue(client: Client, tables: readonly string[]): Promise<CapturedTable[]> {
  const problems: string[] = [];
  const read: CapturedTable[] = [];
  for (const table of tables) {
    const result = await readTable(client, parseTableName(table));
    if (typeof result === 'string') problems.push(result);
    else read.push(result);
  }
  if (problems.length > 0) {
    throw new InvalidConfig(
      `Tables that cannot be captured:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
  }
  return read;
}

/** Throws `Blocked` schema-changed when a table is no longer what it was when `tables` were read. */
export async function checkUnchanged(client: Client, tables: readonly CapturedTable[]): Promise<void> {
  for (const table of tables) {
    const now = await readTable(client, parseTableName(table.name));
    const difference = typeof now === 'string' ? 'it cannot be captured any more' : schemaDifference(now, table);
    if (difference !== null) throw schemaChanged(table.name, difference);
  }
}

/** The table, or the sentence that says why it is refused. */
async function readTable(client: Client, table: TableName): Promise<CapturedTable | string> {
  const name = formatTableName(table);
  const { rows } = await client.query<TableRow>(
    `select c.oid, relkind as kind, relpersistence as persistence, relispartition as partition, relreplident as identity,
            reltuples::int8 as estimate,
            has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as readable
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where nspname = $1 and relname = $2`,
    [table.schema, table.table],
  );
  const row = rows[0];
  if (!row) return `${name} does not exist in the source. Correct source.tables, or create it.`;
  const refusal = refuse(name, row);
  if (refusal !== null) return refusal;
  const columns = await readColumns(client, row.oid);
  const identity = row.identity as TableSchema['replicaIdentity'];
  const choice = chooseKey(await readUniqueIndexes(client, row.oid), identity);
  if (choice === null) {
    return (
      `${name} has no key: changes of a row cannot be told apart. Run: alter table ${quoteTable(table)} add primary key (…); ` +
      `or: alter table ${quoteTable(table)} replica identity using index …;`
    );
  }
  const generated = columns.filter((column) => column.generated).map((column) => column.name);
  if (choice.columns.some((column) => generated.includes(column))) {
    return `${name} has a generated column in its key, which PostgreSQL does not publish. Choose another key.`;
  }
  const notFull = await readNotFull(client, row.oid);
  if (notFull.length > 0 && !choice.survivesFull) {
    return (
      `${name} has a replica identity index and no primary key, and PostgreSQL forgets which index it was under REPLICA ` +
      `IDENTITY FULL. Run: alter table ${quoteTable(table)} add primary key (${choice.columns.map(quoteName).join(', ')});`
    );
  }
  return {
    name,
    relationId: Number(row.oid),
    columns,
    key: choice.columns,
    replicaIdentity: identity,
    estimatedRows: Number(row.estimate),
    partitioned: row.kind === 'p',
    notFull,
  };
}

function refuse(name: string, row: TableRow): string | null {
  const kinds: Readonly<Record<string, string>> = {
    v: 'a view',
    m: 'a materialized view',
    f: 'a foreign table',
    S: 'a sequence',
    i: 'an index',
    I: 'an index',
    c: 'a composite type',
  };
  const quoted = quoteTable(parseTableName(name));
  if (row.kind !== 'r' && row.kind !== 'p') {
    return `${name} is ${kinds[row.kind] ?? 'not a table'}: it has no changes in the WAL. Capture the tables it is made of.`;
  }
  if (row.persistence === 'u')
    return `${name} is unlogged: its changes are not in the WAL. Run: alter table ${quoted} set logged;`;
  if (row.persistence === 't') return `${name} is a temporary table: its changes are not in the WAL. Capture another.`;
  if (row.partition === 't') return `${name} is a partition: it is published through its root. Name the root instead.`;
  if (row.readable !== 't') return `${name} cannot be read by this user. Run: grant select on ${quoted} to …;`;
  return null;
}

async function readColumns(client: Client, oid: string): Promise<Column[]> {
  // A domain may stand on another domain, hence the walk down to the type that is none.
  const { rows } = await client.query<Record<'name' | 'type_id' | 'type' | 'base' | 'not_null' | 'generated', string>>(
    `select attname as name, atttypid as type_id, format_type(atttypid, atttypmod) as type, attnotnull as not_null,
            attgenerated <> '' as generated,
            (with recursive chain as (
               select t.oid, t.typtype, t.typbasetype, t.typname, t.typcategory from pg_type t where t.oid = atttypid
               union all
               select t.oid, t.typtype, t.typbasetype, t.typname, t.typcategory
                 from pg_type t join chain on t.oid = chain.typbasetype and chain.typtype = 'd')
             select case when typtype = 'e' then 'enum' when typcategory = 'A' then 'array' else typname end
               from chain where typtype <> 'd' limit 1) as base
       from pg_attribute
      where attrelid = $1 and attnum > 0 and not attisdropped
      order by attnum`,
    [oid],
  );
  return rows.map((row) => ({
    name: row.name,
    typeId: Number(row.type_id),
    type: row.type,
    baseType: row.base,
    notNull: row.not_null === 't',
    generated: row.generated === 't',
  }));
}

async function readUniqueIndexes(client: Client, oid: string): Promise<UniqueIndex[]> {
  const { rows } = await client.query<Record<'columns' | 'primary' | 'identity' | 'usable', string>>(
    `select json_agg(attname order by place) as columns, bool_or(indisprimary) as primary,
            bool_or(indisreplident) as identity,
            bool_and(indisvalid and indimmediate and indpred is null and attname is not null and attnotnull) as usable
       from pg_index
            cross join lateral unnest(indkey::int2[]) with ordinality as part (number, place)
            left join pg_attribute on attrelid = indrelid and attnum = part.number and part.number > 0
      where indrelid = $1 and indisunique and place <= indnkeyatts
      group by indexrelid
      order by indexrelid`,
    [oid],
  );
  return rows.map((row) => ({
    columns: JSON.parse(row.columns) as string[],
    primary: row.primary === 't',
    identity: row.identity === 't',
    usable: row.usable === 't',
  }));
}

/** The tables that hold the rows: a partitioned table's leaves each have a replica identity of their own. */
async function readNotFull(client: Client, oid: string): Promise<string[]> {
  const { rows } = await client.query<{ schema: string; table: string }>(
    `with recursive tree as (
       select $1::oid as oid
       union all
       select inhrelid from pg_inherits join tree on inhparent = tree.oid
         join pg_class child on child.oid = inhrelid and child.relispartition)
     select nspname as schema, relname as table
       from tree join pg_class c on c.oid = tree.oid join pg_namespace n on n.oid = c.relnamespace
      where relreplident <> 'f' and relkind in ('r', 'p')
      order by nspname, relname`,
    [oid],
  );
  return rows.map(quoteTable);
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteTable({ schema, table }: TableName): string {
  return `${quoteName(schema)}.${quoteName(table)}`;
}
