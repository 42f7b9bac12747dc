import { hasCanonicalForm } from '../../model/value-types';
import type { Connection, Statement } from './connection';
import { qualified, quote, recordTable } from './names';

export interface ColumnLayout {
  readonly name: string;
  /** As `format_type` writes it. */
  readonly type: string;
  /** As `Column.baseType` of the source: of PostgreSQL's own types the name, of a domain that of the type it stands on. */
  readonly baseType: string;
  /** For a domain: the type it stands on, as `type` is written. */
  readonly domainOf?: string;
}

/** One table of a generation, with the statements that write it: made once per connection, never per row. */
export interface TableLayout {
  readonly index: number;
  readonly target: string;
  /** Quoted and qualified. */
  readonly relation: string;
  readonly columns: readonly ColumnLayout[];
  /** Primary key columns in key order. */
  readonly key: readonly ColumnLayout[];
  readonly upsert: Required<Pick<Statement, 'name' | 'text'>>;
  readonly remove: Required<Pick<Statement, 'name' | 'text'>>;
}

/** How the statements of lanes are planned. */
export const planSettings = {
  // A statement prepared on an empty table would keep a plan that reads the whole of it, until the next ANALYZE.
  plan_cache_mode: 'force_generic_plan',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_seqscan: 'off',
};

const query = `
select c.relname as target, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
       base_type, domain_of, array_position(i.indkey::int2[], a.attnum) as key_position
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_index i on i.indrelid = c.oid and i.indisprimary
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
cross join lateral (
  with recursive chain as (
    select t.oid, t.typtype, t.typbasetype, a.atttypmod as modifier, t.typtypmod, 0 as depth
      from pg_type t where t.oid = a.atttypid
    union all
    select t.oid, t.typtype, t.typbasetype, chain.typtypmod, t.typtypmod, depth + 1
      from pg_type t join chain on t.oid = chain.typbasetype and chain.typtype = 'd')
  select case when depth > 0 then format_type(t.oid, modifier) end as domain_of,
         case when t.typnamespace = 'pg_catalog'::regnamespace and t.typtype = 'b' then t.typname else 'other' end as base_type
    from chain join pg_type t using (oid) where chain.typtype <> 'd') as standing
where n.nspname = $1 and c.relkind = 'r' and c.relname <> $2 and ($3::text is null or c.relname = $3)
order by c.relname, a.attnum`;

/** The tables of a generation as they are, or the one named, by target: the types to cast to are the database's own. */
export async function readLayout(
  connection: Connection,
  schema: string,
  only: string | null = null,
): Promise<ReadonlyMap<string, TableLayout>> {
  const { rows } = await connection.query({ text: query, values: [schema, recordTable, only] });
  const found = new Map<string, { column: ColumnLayout; keyPosition: number | null }[]>();
  for (const row of rows) {
    const columns = found.get(String(row['target'])) ?? [];
    found.set(String(row['target']), columns);
    columns.push({
      column: {
        name: String(row['name']),
        type: String(row['type']),
        baseType: String(row['base_type']),
        ...(typeof row['domain_of'] === 'string' ? { domainOf: row['domain_of'] } : {}),
      },
      keyPosition: row['key_position'] === null ? null : Number(row['key_position']),
    });
  }
  return new Map(
    [...found].map(([target, columns], index) => {
      const key = columns
        .filter(({ keyPosition }) => keyPosition !== null)
        .sort((left, right) => Number(left.keyPosition) - Number(right.keyPosition))
        .map(({ column }) => column);
      const relation = qualified(schema, target);
      return [target, createLayout({ index, target, relation, columns: columns.map(({ column }) => column), key })];
    }),
  );
}

export function createLayout(table: Omit<TableLayout, 'upsert' | 'remove'>): TableLayout {
  return {
    ...table,
    upsert: { name: `slipstream_upsert_${table.index}`, text: upsertText(table) },
    remove: { name: `slipstream_remove_${table.index}`, text: removeText(table) },
  };
}

type Table = Omit<TableLayout, 'upsert' | 'remove'>;

/**
 * One statement for any number of rows: an array per column. Unnested side by side in the list of what is selected: as a
 * table of the FROM clause the server would keep them all before it inserts the first (0029). No version is compared: data
 * and offsets move in one transaction, so a replay is refused as a whole.
 */
function upsertText({ relation, columns, key }: Table): string {
  const keyNames = new Set(key.map(({ name }) => name));
  // A key written in another way is the same key, and is to be read as the source writes it now.
  const written = columns.filter((column) => !keyNames.has(column.name) || hasCanonicalForm(column));
  const others = written.map(({ name }) => quote(name));
  const change =
    others.length === 0 ? 'nothing' : `update set ${others.map((name) => `${name} = excluded.${name}`).join(', ')}`;
  const values = columns.map((column, index) => cast(column, `unnest(${parameter(column, index)})`));
  return `insert into ${relation} (${columns.map(({ name }) => quote(name)).join(', ')})
select ${values.join(', ')}
on conflict (${key.map(({ name }) => quote(name)).join(', ')}) do ${change}`;
}

function removeText({ relation, key }: Table): string {
  const same = key.map((column, index) => `t.${quote(column.name)} = ${cast(column, `v.c${index}`)}`);
  const names = key.map((_, index) => `c${index}`).join(', ');
  return `delete from ${relation} as t using unnest(${key.map(parameter).join(', ')}) as v(${names}) where ${same.join(' and ')}`;
}

/**
 * Types whose arrays the server reads element by element just as it reads a text that is cast: half the work of an array of
 * texts. Not arrays, whose arrays are arrays of more dimensions; nor domains, and what somebody has made a cast for.
 */
const readAsArrays: ReadonlySet<string> = new Set([
  ...['bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'text', 'varchar', 'bpchar', 'uuid', 'bytea'],
  ...['date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval', 'json', 'jsonb'],
]);

function isReadAsArray({ baseType, domainOf }: ColumnLayout): boolean {
  return domainOf === undefined && readAsArrays.has(baseType);
}

function parameter(column: ColumnLayout, index: number): string {
  return `$${index + 1}::${isReadAsArray(column) ? column.type : 'text'}[]`;
}

function cast(column: ColumnLayout, element: string): string {
  return isReadAsArray(column) ? element : `${element}::${column.type}`;
}
