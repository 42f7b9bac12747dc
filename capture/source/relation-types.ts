import type { Client } from 'pg';
import type { Column } from '../../model/schema';
import type { StreamedColumn } from '../layouts';

/**
 * SQL: the type that a type stands on (`base_id`, its `modifier`, and `base`, as `Column.baseType` has it), `depth` domains
 * further down. A domain may stand on another domain, hence the walk; each may bring the modifier. A name counts only
 * where nobody else can have given it: in pg_catalog, or as that of the extension which brings the type.
 */
export function standingOf(typeId: string, modifier: string): string {
  return `
    with recursive chain as (
      select t.oid, t.typtype, t.typbasetype, ${modifier} as modifier, t.typtypmod, 0 as depth
        from pg_type t where t.oid = ${typeId}
      union all
      select t.oid, t.typtype, t.typbasetype, chain.typtypmod, t.typtypmod, depth + 1
        from pg_type t join chain on t.oid = chain.typbasetype and chain.typtype = 'd')
    select t.oid as base_id, modifier, depth,
           case when t.typinput = 'array_in'::regproc then 'array'
                when t.typtype = 'e' then 'enum' when t.typtype = 'c' then 'composite'
                when t.typnamespace = 'pg_catalog'::regnamespace then t.typname
                when t.typtype = 'r' then 'range' when t.typtype = 'm' then 'multirange'
                when exists (select from pg_depend d join pg_extension e on e.oid = d.refobjid
                              where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'
                                and d.refclassid = 'pg_extension'::regclass and e.extname = t.typname)
                then t.typname else 'other' end as base
      from chain join pg_type t using (oid)
     where chain.typtype <> 'd'`;
}

/**
 * The stream's numbers in the catalogue's words, in the same order. A type that was dropped since is told as text, which
 * is how its values come: they lose nothing, and nobody can say any more what they were.
 */
export async function describeColumns(client: Client, columns: readonly StreamedColumn[]): Promise<readonly Column[]> {
  const { rows } = await client.query<Record<'type' | 'base' | 'domain_of', string | null>>(
    `select format_type(t.oid, c.modifier) as type, base,
            case when depth > 0 then format_type(base_id, standing.modifier) end as domain_of
       from unnest($1::oid[], $2::int4[]) with ordinality as c (type_id, modifier, place)
            left join pg_type t on t.oid = c.type_id
            left join lateral (${standingOf('c.type_id', 'c.modifier')}) as standing on true
      order by c.place`,
    [columns.map(({ typeId }) => typeId), columns.map(({ typeModifier }) => typeModifier)],
  );
  return columns.map(({ name, typeId }, at) => {
    const { type, base, domain_of: domainOf } = rows[at] ?? { type: null, base: null, domain_of: null };
    return {
      ...{ name, typeId, type: type ?? 'text', baseType: base ?? 'text', notNull: false, generated: false },
      ...(domainOf === null ? {} : { domainOf }),
    };
  });
}
