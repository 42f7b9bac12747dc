import { InvalidConfig } from '../../model/errors';
import type { Connection } from './connection';
import { generationPattern, liveTable, qualified, quote, recordTable } from './names';
import type { Site } from './site';

/** Makes the readers' schema where it is missing and claims it for this store. Throws `InvalidConfig` when it is taken. */
export async function claimReaders(connection: Connection, site: Site): Promise<void> {
  const { schema, pipeline, store, what } = site;
  const relation = qualified(schema, liveTable);
  await connection.query({ text: `create schema if not exists ${quote(schema)}` });
  await connection.query({
    text: `create table if not exists ${relation} (
  single boolean primary key default true check (single), pipeline text not null, store text not null, number bigint)`,
  });
  await connection.query({
    text: `insert into ${relation} (pipeline, store) values ($1, $2) on conflict do nothing`,
    values: [pipeline, store],
  });
  const { rows } = await connection.query({
    text: `select pipeline, store, exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1 and c.relname = $2) as "generation" from ${relation}`,
    values: [schema, recordTable],
  });
  const owner = rows[0];
  if (owner?.['pipeline'] === pipeline && owner['store'] === store && owner['generation'] === false) return;
  throw new InvalidConfig(`${what}: schema ${schema} is used by another store. Give this one a schema of its own.`);
}

/** The generation whose content readers see; null before the first promotion. */
export async function readLive(connection: Connection, { schema, pipeline, store }: Site): Promise<number | null> {
  const { rows: found } = await connection.query({
    text: `select from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = $2 and c.relkind = 'r'`,
    values: [schema, liveTable],
  });
  if (found.length === 0) return null;
  const { rows } = await connection.query({
    text: `select number::text from ${qualified(schema, liveTable)} where pipeline = $1 and store = $2`,
    values: [pipeline, store],
  });
  const number = rows[0]?.['number'] ?? null;
  return number === null ? null : Number(number);
}

export async function writeLive(connection: Connection, { schema }: Site, number: number): Promise<void> {
  await connection.query({ text: `update ${qualified(schema, liveTable)} set number = $1`, values: [number] });
}

/** True of `c` when it is a view of ours: it shows the table of its own name in a generation's schema. */
const isOurs = `c.relkind = 'v' and exists (
  select from pg_rewrite w
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
  join pg_class t on t.oid = d.refobjid
  join pg_namespace g on g.oid = t.relnamespace
  where w.ev_class = c.oid and t.relname = c.relname and g.nspname ~ $2)`;

/** The views through which readers see a generation. */
export async function readViews(connection: Connection, { schema }: Site): Promise<readonly string[]> {
  const { rows } = await connection.query({
    text: `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and ${isOurs} order by 1`,
    values: [schema, generationPattern(schema)],
  });
  return rows.map(({ name }) => String(name));
}

/** What stands where our views must go, and is none of them. */
export async function readForeign(
  connection: Connection,
  { schema, targets }: { readonly schema: string; readonly targets: readonly string[] },
): Promise<string[]> {
  const { rows } = await connection.query({
    text: `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = any($3::text[]) and not (${isOurs}) order by 1`,
    values: [schema, generationPattern(schema), targets],
  });
  return rows.map(({ name }) => String(name));
}

/** Throws `InvalidConfig` naming what stands where our views must go: it is never replaced. */
export async function refuseForeign(connection: Connection, site: Site, targets: readonly string[]): Promise<void> {
  const foreign = await readForeign(connection, { schema: site.schema, targets });
  if (foreign.length === 0) return;
  const names = foreign.map((name) => `${site.schema}.${name}`).join(', ');
  throw new InvalidConfig(
    `${site.what}: ${names} exist${foreign.length === 1 ? 's' : ''} already and ${foreign.length === 1 ? 'is' : 'are'} not ours. Rename or remove what is there, or give the store another schema.`,
  );
}
