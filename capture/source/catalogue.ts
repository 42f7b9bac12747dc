import type { Client } from 'pg';
import { formatTableName, parseTableName, type TableName } from '../../model/change';
import { InvalidConfig } from '../../model/errors';
import { listFindings, type Finding } from '../../model/finding';
import type { Column, TableSchema } from '../../model/schema';
import { chooseKey, type UniqueIndex } from '../key';
import { judgeColumns, judgeKey, judgeRelation, missingTable, noIdentity } from '../checks/judge-table';
import { quoteTable } from './quoting';
import { standingOf } from './relation-types';

/** A captured table, with what only capture needs to know. */
export interface CapturedTable extends TableSchema {
  readonly partitioned: boolean;
  /** Per key column the schema of the operators that order it as its index does: types of extensions bring their own. */
  readonly keyOperators: readonly string[];
  /** Leaf partitions (or the table itself) whose replica identity is not FULL. */
  readonly notFull: readonly string[];
  /** The same, of any replica identity, that this role does not own, and so may not alter. */
  readonly notOwned: readonly string[];
}

interface TableRow {
  readonly oid: string;
  readonly kind: string;
  readonly persistence: string;
  readonly partition: string;
  readonly identity: string;
  readonly estimate: string;
  readonly readable: string;
  readonly hides_rows: string;
  readonly role: string;
  readonly generated_travel: string;
}

interface ColumnRow extends Record<'name' | 'type_id' | 'type' | 'base' | 'not_null' | 'generated', string> {
  readonly domain_of: string | null;
}

/**
 * Reads the captured tables from the source's catalogue, in the order given; with `readBack` they keep the replica
 * identity they have. Throws `InvalidConfig` that names every
 * table which cannot be captured, with the statement that mends it.
 */
export async function readCatalogue(
  client: Client,
  tables: readonly string[],
  readBack = false,
): Promise<CapturedTable[]> {
  const { read, findings } = await surveyTables(client, tables, readBack);
  if (findings.length > 0) throw new InvalidConfig(listFindings('Tables that cannot be captured:', findings));
  return read;
}

/** The same, for those who want to see all of it: what can be captured, and why the rest cannot. */
export async function surveyTables(
  client: Client,
  tables: readonly string[],
  readBack = false,
): Promise<{ readonly read: CapturedTable[]; readonly findings: Finding[] }> {
  const findings: Finding[] = [];
  const read: CapturedTable[] = [];
  for (const table of tables) {
    const result = await readTable(client, parseTableName(table), readBack);
    if (isFinding(result)) findings.push(result);
    else read.push(result);
  }
  return { read, findings };
}

function isFinding(result: object): result is Finding {
  return 'code' in result;
}

/** The table, or why it is refused. */
async function readTable(client: Client, table: TableName, readBack: boolean): Promise<CapturedTable | Finding> {
  const name = formatTableName(table);
  const { rows } = await client.query<TableRow>(
    `select c.oid, relkind as kind, relpersistence as persistence, relispartition as partition, relreplident as identity,
            reltuples::int8 as estimate,
            has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as readable,
            row_security_active(c.oid) as hides_rows, current_user as role,
            current_setting('server_version_num')::int >= 180000 as generated_travel
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where nspname = $1 and relname = $2`,
    [table.schema, table.table],
  );
  const row = rows[0];
  if (!row) return missingTable(table, await readTableNames(client));
  const relation = {
    kind: row.kind,
    persistence: row.persistence,
    partition: row.partition === 't',
    readable: row.readable === 't',
    hidesRows: row.hides_rows === 't',
  };
  const refusal = judgeRelation(table, relation, row.role);
  if (refusal !== null) return refusal;
  const columns = await readColumns(client, row.oid);
  const identity = row.identity as TableSchema['replicaIdentity'];
  const choice = chooseKey(await readUniqueIndexes(client, row.oid), identity, readBack);
  if (readBack && identity === 'n') return noIdentity(table);
  const leaves = await readLeaves(client, row.oid);
  const notFull = leaves.filter((leaf) => !leaf.full).map(({ quoted }) => quoted);
  const generated = columns.filter((column) => column.generated).map((column) => column.name);
  const generatedTravel = row.generated_travel === 't';
  const key = judgeKey(table, { choice, generated, generatedTravel, toBeFull: !readBack && notFull.length > 0 });
  if (isFinding(key)) return key;
  const unfit = judgeColumns(table, { columns: columns.map((column) => column.name), key: key.columns });
  if (unfit !== null) return unfit;
  return {
    name,
    relationId: Number(row.oid),
    columns,
    key: key.columns,
    replicaIdentity: identity,
    estimatedRows: Number(row.estimate),
    partitioned: row.kind === 'p',
    keyOperators: await readKeyOperators(client, row.oid, key.columns),
    notFull: readBack ? [] : notFull,
    notOwned: leaves.filter((leaf) => !leaf.owned).map(({ quoted }) => quoted),
  };
}

async function readColumns(client: Client, oid: string): Promise<Column[]> {
  const { rows } = await client.query<ColumnRow>(
    `select attname as name, atttypid as type_id, format_type(atttypid, atttypmod) as type, attnotnull as not_null,
            attgenerated <> ''
              and not (attgenerated = 's' and current_setting('server_version_num')::int >= 180000) as generated,
            base, case when depth > 0 then format_type(base_id, modifier) end as domain_of
       from pg_attribute
            cross join lateral (${standingOf('atttypid', 'atttypmod')}) as standing
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
    ...(row.domain_of === null ? {} : { domainOf: row.domain_of }),
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

/** A type without operators of its own (enums, arrays, domains of these) is ordered by PostgreSQL's. */
async function readKeyOperators(client: Client, oid: string, key: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ schema: string }>(
    `select coalesce((
              with recursive chain as (
                select t.oid, t.typtype, t.typbasetype from pg_type t where t.oid = atttypid
                union all
                select t.oid, t.typtype, t.typbasetype
                  from pg_type t join chain on t.oid = chain.typbasetype and chain.typtype = 'd')
              select nspname
                from chain join pg_opclass on opcintype = chain.oid and opcdefault
                     join pg_am on pg_am.oid = opcmethod and amname = 'btree'
                     join pg_amop on amopfamily = opcfamily and amoplefttype = opcintype and amoprighttype = opcintype
                                 and amopstrategy = 5
                     join pg_operator o on o.oid = amopopr
                     join pg_namespace n on n.oid = o.oprnamespace
               where typtype <> 'd'), 'pg_catalog') as schema
       from unnest($2::text[]) with ordinality as wanted (name, place)
            join pg_attribute on attrelid = $1 and attname = wanted.name
      order by place`,
    [oid, key],
  );
  return rows.map(({ schema }) => schema);
}

/** The tables that hold the rows: a partitioned table's leaves each have a replica identity, and an owner, of their own. */
async function readLeaves(
  client: Client,
  oid: string,
): Promise<{ readonly quoted: string; readonly full: boolean; readonly owned: boolean }[]> {
  const { rows } = await client.query<Record<'schema' | 'table' | 'full' | 'owned', string>>(
    `with recursive tree as (
       select $1::oid as oid
       union all
       select inhrelid from pg_inherits join tree on inhparent = tree.oid
         join pg_class child on child.oid = inhrelid and child.relispartition)
     select nspname as schema, relname as table, relreplident = 'f' as full, pg_has_role(relowner, 'usage') as owned
       from tree join pg_class c on c.oid = tree.oid join pg_namespace n on n.oid = c.relnamespace
      where relkind in ('r', 'p')
      order by nspname, relname`,
    [oid],
  );
  return rows.map((row) => ({ quoted: quoteTable(row), full: row.full === 't', owned: row.owned === 't' }));
}

/** Every table people might have meant. */
async function readTableNames(client: Client): Promise<string[]> {
  const { rows } = await client.query<TableName>(
    `select nspname as schema, relname as table from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where relkind in ('r', 'p') and not relispartition and nspname !~ '^pg_' and nspname <> 'information_schema'
      order by 1, 2 limit 10000`,
  );
  return rows.map(formatTableName);
}
