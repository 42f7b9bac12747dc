import { InvalidConfig } from '../../model/errors';
import { describeFinding } from '../../model/finding';
import { judgeMapping } from '../../model/judge-mapping';
import { documentsOf, targetColumns } from '../../model/mapping';
import { knownTypes, ruleOf } from '../../model/value-types';
import type { DocumentMapping } from '../../model/pipeline';
import type { Column, TableSchema } from '../../model/schema';
import type { Connection } from './connection';
import { indexProblems } from './indexes';
import { quote } from './names';
import type { Site } from './site';

/** Target → the body of its `create table`. Throws `InvalidConfig` with every problem of the mapping. */
export async function targetTables(connection: Connection, site: Site): Promise<Map<string, string>> {
  const catalogue = new Map((await site.catalogue()).map((table) => [table.name, table]));
  const bodies = new Map<string, string>();
  const problems: string[] = [];
  for (const [name, mapping] of Object.entries(site.definition.tables)) {
    const table = catalogue.get(name);
    if (!table) {
      problems.push(`the source has no captured table ${name}.`);
      continue;
    }
    problems.push(...judgeMapping(name, table, mapping).map(describeFinding));
    for (const document of documentsOf(site.definition, name)) {
      bodies.set(document.target, await tableBody(connection, table, document.mapping));
    }
  }
  problems.push(...indexProblems(site.store, site.definition, [...catalogue.values()]).map(describeFinding));
  if (problems.length > 0) throw new InvalidConfig(`${site.what}: ${problems.join(' ')}`);
  return bodies;
}

/** Only the key is NOT NULL and unique: everything else is the source's to guarantee. */
async function tableBody(connection: Connection, table: TableSchema, mapping: DocumentMapping): Promise<string> {
  const columns = await typedColumns(connection, table, mapping);
  const key = table.key.map((source) => columns.find((each) => each.source === source)?.name ?? source);
  const lines = columns.map(({ name, type }) => `${quote(name)} ${type}`);
  return [...lines, `primary key (${key.map(quote).join(', ')})`].join(', ');
}

/**
 * A column has its source's type where this database has it; a domain that it lacks, or that stands on another type
 * here, the type it stands on; else text. Text too is a key whose equal values may be written in several ways: while a
 * generation is built, two records of which one replaces the other may come in either order, and must not meet as one row.
 */
export async function typedColumns(
  connection: Connection,
  table: Pick<TableSchema, 'columns' | 'key'>,
  mapping: DocumentMapping,
): Promise<readonly { readonly source: string | null; readonly name: string; readonly type: string }[]> {
  const columns = targetColumns(table, mapping);
  const types = await readTypes(
    connection,
    columns.flatMap(({ column }) => [column.type, column.domainOf ?? column.type]),
  );
  return columns.map(({ source, name, column }) => {
    const ambiguousKey =
      source !== null && table.key.includes(source) && ruleOf(column.baseType).equals === 'several texts';
    const known =
      [column.type, column.domainOf ?? ''].find((type) => types.get(type) === domainOf(type, column)) ?? 'text';
    return { source, name, type: ambiguousKey ? 'text' : known };
  });
}

/** What `type` must stand on here to be what it is at the source: a domain on another type would round, or refuse. */
function domainOf(type: string, column: Column): string | null {
  return type === column.type ? (column.domainOf ?? null) : null;
}

const foreignTypes = knownTypes.filter((type) => ruleOf(type).replica === 'text');

/**
 * Those of `types` that this database has too, each with what it stands on if it is a domain here, and whose values it can
 * hold: not what names objects of the source's own, nor any type made of that (arrays, composites, domains, ranges).
 */
async function readTypes(
  connection: Connection,
  types: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  const { rows } = await connection.query({
    text: `
with recursive part as (
  select t as type, to_regtype(t)::oid as oid from unnest($1::text[]) as t where to_regtype(t) is not null
  union
  select part.type, next.oid
    from part join pg_type p on p.oid = part.oid
         left join pg_range r on p.oid in (r.rngtypid, r.rngmultitypid)
         cross join lateral (
           select unnest(array[nullif(p.typbasetype, 0), nullif(p.typelem, 0), r.rngsubtype]) as oid
           union all
           select atttypid from pg_attribute a
            where a.attrelid = nullif(p.typrelid, 0) and a.attnum > 0 and not a.attisdropped) as next
   where next.oid is not null)
select type, (
         with recursive chain as (
           select oid, typtype, typbasetype, typtypmod, -1 as modifier, 0 as depth from pg_type where oid = to_regtype(type)
           union all
           select t.oid, t.typtype, t.typbasetype, t.typtypmod, chain.typtypmod, depth + 1
             from pg_type t join chain on t.oid = chain.typbasetype and chain.typtype = 'd')
         select format_type(oid, modifier) from chain where typtype <> 'd' and depth > 0) as domain_of
  from part join pg_type p using (oid)
 group by type
having not bool_or(p.typnamespace = 'pg_catalog'::regnamespace and p.typname = any($2::text[]))`,
    values: [types, foreignTypes],
  });
  return new Map(rows.map((row) => [String(row['type']), row['domain_of'] === null ? null : String(row['domain_of'])]));
}
