import type { Client } from 'pg';
import { formatTableName, type TableName } from '../../model/change';
import type { Column, TableSchema } from '../../model/schema';
import type { UniqueIndex } from '../key';
import { quoteTable } from './quoting';
import { standingOf } from './relation-types';

export interface TableRow {
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

/** By relation. */
export interface Shapes {
  readonly columns: ReadonlyMap<string, readonly Column[]>;
  readonly indexes: ReadonlyMap<string, readonly UniqueIndex[]>;
  readonly leaves: ReadonlyMap<string, readonly Leaf[]>;
}

/** Holds rows of a table: itself, or a partition. */
export interface Leaf {
  readonly quoted: string;
  readonly full: boolean;
  readonly owned: boolean;
}

/** Those that exist, by name. All tables are asked for at once, here and below: a pipeline may have hundreds. */
export async function readRelations(
  client: Client,
  names: readonly TableName[],
): Promise<ReadonlyMap<string, TableRow>> {
  const { rows } = await client.query<TableRow & TableName>(
    `select nspname as schema, relname as table, c.oid, relkind as kind, relpersistence as persistence,
            relispartition as partition, relreplident as identity, reltuples::int8 as estimate,
            has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as readable,
            row_security_active(c.oid) as hides_rows, current_user as role,
            current_setting('server_version_num')::int >= 180000 as generated_travel
       from unnest($1::text[], $2::text[]) as wanted (schema, name)
            join pg_namespace n on nspname = wanted.schema
            join pg_class c on c.relnamespace = n.oid and relname = wanted.name`,
    [names.map(({ schema }) => schema), names.map(({ table }) => table)],
  );
  return new Map(rows.map((row) => [formatTableName(row), row]));
}

/** Of a row of pg_attribute: a column that no publication sends, generated and not stored, or stored before PostgreSQL 18. */
export const notPublished = `attgenerated <> '' and not (attgenerated = 's' and current_setting('server_version_num')::int >= 180000)`;

export async function readColumns(client: Client, relations: readonly string[]): Promise<Shapes['columns']> {
  const { rows } = await client.query<ColumnRow & OfRelation>(
    `select attrelid as relation,
            attname as name, atttypid as type_id, format_type(atttypid, atttypmod) as type, attnotnull as not_null,
            ${notPublished} as generated,
            base, case when depth > 0 then format_type(base_id, modifier) end as domain_of
       from pg_attribute
            cross join lateral (${standingOf('atttypid', 'atttypmod')}) as standing
      where attrelid = any ($1::oid[]) and attnum > 0 and not attisdropped
      order by attrelid, attnum`,
    [relations],
  );
  return byRelation(rows, (row) => ({
    name: row.name,
    typeId: Number(row.type_id),
    type: row.type,
    baseType: row.base,
    notNull: row.not_null === 't',
    generated: row.generated === 't',
    ...(row.domain_of === null ? {} : { domainOf: row.domain_of }),
  }));
}

export async function readUniqueIndexes(client: Client, relations: readonly string[]): Promise<Shapes['indexes']> {
  const { rows } = await client.query<Record<'columns' | 'primary' | 'identity' | 'usable', string> & OfRelation>(
    `select indrelid as relation, json_agg(attname order by place) as columns, bool_or(indisprimary) as primary,
            bool_or(indisreplident) as identity,
            bool_and(indisvalid and indimmediate and indpred is null and attname is not null and attnotnull) as usable
       from pg_index
            cross join lateral unnest(indkey::int2[]) with ordinality as part (number, place)
            left join pg_attribute on attrelid = indrelid and attnum = part.number and part.number > 0
      where indrelid = any ($1::oid[]) and indisunique and place <= indnkeyatts
      group by indrelid, indexrelid
      order by indexrelid`,
    [relations],
  );
  return byRelation(rows, (row) => ({
    columns: JSON.parse(row.columns) as string[],
    primary: row.primary === 't',
    identity: row.identity === 't',
    usable: row.usable === 't',
  }));
}

/** A type without operators of its own (enums, arrays, domains of these) is ordered by PostgreSQL's. */
export async function readKeyOperators(
  client: Client,
  tables: readonly Pick<TableSchema, 'relationId' | 'key'>[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const parts = tables.flatMap(({ relationId, key }) => key.map((column) => ({ relationId, column })));
  const { rows } = await client.query<{ readonly schema: string } & OfRelation>(
    `select wanted.relation, coalesce((
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
       from unnest($1::oid[], $2::text[]) with ordinality as wanted (relation, name, place)
            join pg_attribute on attrelid = wanted.relation and attname = wanted.name
      order by place`,
    [parts.map(({ relationId }) => relationId), parts.map(({ column }) => column)],
  );
  return byRelation(rows, ({ schema }) => schema);
}

/** The tables that hold the rows: a partitioned table's leaves each have a replica identity, and an owner, of their own. */
export async function readLeaves(client: Client, relations: readonly string[]): Promise<Shapes['leaves']> {
  const { rows } = await client.query<Record<'schema' | 'table' | 'full' | 'owned', string> & OfRelation>(
    `with recursive tree as (
       select relation, relation as oid from unnest($1::oid[]) as wanted (relation)
       union all
       select relation, inhrelid from pg_inherits join tree on inhparent = tree.oid
         join pg_class child on child.oid = inhrelid and child.relispartition)
     select relation, nspname as schema, relname as table, relreplident = 'f' as full,
            pg_has_role(relowner, 'usage') as owned
       from tree join pg_class c on c.oid = tree.oid join pg_namespace n on n.oid = c.relnamespace
      where relkind in ('r', 'p')
      order by nspname, relname`,
    [relations],
  );
  return byRelation(rows, (row) => ({ quoted: quoteTable(row), full: row.full === 't', owned: row.owned === 't' }));
}

interface OfRelation {
  readonly relation: string;
}

/** What each row says, by the relation it says it of, in the order of the rows. */
function byRelation<Row extends OfRelation, Said>(rows: readonly Row[], say: (row: Row) => Said): Map<string, Said[]> {
  const said = new Map<string, Said[]>();
  for (const row of rows) {
    const before = said.get(row.relation);
    if (before) before.push(say(row));
    else said.set(row.relation, [say(row)]);
  }
  return said;
}

/** Every table people might have meant. */
export async function readTableNames(client: Client): Promise<string[]> {
  const { rows } = await client.query<TableName>(
    `select nspname as schema, relname as table from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where relkind in ('r', 'p') and not relispartition and nspname !~ '^pg_' and nspname <> 'information_schema'
      order by 1, 2 limit 10000`,
  );
  return rows.map(formatTableName);
}
