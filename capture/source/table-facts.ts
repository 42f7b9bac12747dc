import type { Client } from 'pg';
import { parseTableName } from '../../model/change';
import type { Partitions } from '../partitions';
import { quoteTable } from './quoting';

/** What the catalogue says of one captured table, in one look at all of them: cheap enough to be taken every few seconds. */
export interface TableFacts {
  readonly name: string;
  /** `attnum` by column, whether or not it is published. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Columns that a row written before them holds a value in: by default, NOT NULL, identity or generation. */
  readonly filled: readonly string[];
  /** Those that hold rows; empty for a table that has none. */
  readonly partitions: Partitions;
  /** The table's entry in the publication: another one after it was taken out and added again. null: no entry of its own. */
  readonly published: string | null;
  /** Everything above and more (name, types, keys, replica identities, the publication's options), to be compared. */
  readonly stamp: string;
}

interface Row {
  readonly name: string;
  readonly columns: string | null;
  readonly partitions: string | null;
  readonly published: string | null;
  readonly stamp: string;
}

export async function readTableFacts(
  client: Client,
  {
    publication,
    tables,
  }: {
    readonly publication: string;
    /** By relation once that is known: a table keeps it under another name. */
    readonly tables: readonly { readonly name: string; readonly relationId: number | null }[];
  },
): Promise<ReadonlyMap<string, TableFacts>> {
  const { rows } = await client.query<Row>(
    `select wanted.name, columns::text, partitions::text, published::text,
            md5(concat_ws('|', c.oid, c.relnamespace::regnamespace, c.relname, c.relreplident, columns, types, partitions, identities,
                          keys, published, (select p.xmin::text from pg_publication p where pubname = $3))) as stamp
       from unnest($1::oid[], $2::text[], $4::text[]) as wanted (relation, name, quoted)
            left join pg_class c on c.oid = coalesce(wanted.relation, to_regclass(wanted.quoted)::oid)
            left join lateral (
              select json_agg(json_build_array(attname, attnum,
                              atthasdef or atthasmissing or attidentity <> '' or attgenerated <> '' or attnotnull) order by attnum) as columns,
                     string_agg(atttypid || ':' || atttypmod, ',' order by attnum) as types
                from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as columns on true
            left join lateral (
              with recursive tree (relid, attached) as (
                select c.oid, null where c.relkind = 'p'
                union all
                select inhrelid, concat_ws('.', attached, i.xmin)
                  from tree join pg_inherits i on inhparent = relid where not inhdetachpending)
              select json_agg(json_build_array(leaf.oid::text, leaf.oid::regclass::text, attached, leaf.relfilenode::text)
                              order by leaf.oid) as partitions,
                     string_agg(leaf.relreplident::text, '' order by leaf.oid) as identities
                from tree join pg_class leaf on leaf.oid = relid
               where leaf.relkind <> 'p') as partitions on true
            left join lateral (
              select string_agg(concat_ws(':', indexrelid, indkey, indisprimary, indisreplident, indisvalid), ',' order by indexrelid) as keys
                from pg_index where indrelid = c.oid and indisunique) as keys on true
            left join lateral (
              select pr.oid as published from pg_publication_rel pr join pg_publication p on p.oid = prpubid
               where prrelid = c.oid and pubname = $3) as entry on true`,
    [
      tables.map(({ relationId }) => relationId),
      tables.map(({ name }) => name),
      publication,
      tables.map(({ name }) => quoteTable(parseTableName(name))),
    ],
  );
  return new Map(rows.map((row) => [row.name, factsOf(row)]));
}

function factsOf({ name, columns, partitions, published, stamp }: Row): TableFacts {
  const described = JSON.parse(columns ?? '[]') as [string, number, boolean][];
  return {
    name,
    numbers: Object.fromEntries(described.map(([column, number]) => [column, number])),
    filled: described.filter(([, , filled]) => filled).map(([column]) => column),
    partitions: Object.fromEntries(
      (JSON.parse(partitions ?? '[]') as string[][]).map(([id = '', called = '', attached = '', file = '']) => [
        id,
        { name: called, attached, file },
      ]),
    ),
    published,
    stamp,
  };
}
