import { InvalidConfig } from '../../model/errors';
import { documentIn, type TargetDocument } from '../../model/mapping';
import { missing } from '../ownership';
import type { Fit, Generation, TableVersion } from '../store';
import { inTransaction, type Connection } from './connection';
import { readLayout, type TableLayout } from './layout';
import { generationSchema, quote } from './names';
import { lockClock, switchView } from './promotion';
import { readLive } from './readers';
import { lockSite, withConnection, type Site } from './site';
import { typedColumns } from './tables';

/** What `Store.fit` says, from the generation's own catalogue. */
export async function fitVersion(site: Site, generation: Generation, table: TableVersion): Promise<Fit> {
  return withConnection(site, async (connection) => {
    const { layout, mapping } = await find(connection, { site, generation, table });
    const wanted = await typedColumns(connection, table, mapping);
    const held = new Map(layout.columns.map(({ name, type }) => [name, type]));
    const names = new Set(wanted.map(({ name }) => name));
    const common = wanted.filter(({ name }) => held.has(name));
    const same = await sameTypes(
      connection,
      common.map(({ name, type }) => [type, held.get(name) ?? '']),
    );
    return {
      absent: wanted.filter(({ name }) => !held.has(name)).map(({ name }) => name),
      other: common.filter((_, at) => !same[at]).map(({ name }) => name),
      surplus: [...held.keys()].filter((name) => !names.has(name)),
    };
  });
}

/** What `Store.extend` promises; the view of a live generation takes the columns in the same transaction. */
export async function extendTable(
  site: Site,
  generation: Generation,
  { table, names }: { readonly table: TableVersion; readonly names: readonly string[] },
): Promise<void> {
  await withConnection(site, (connection) =>
    inTransaction(connection, async () => {
      await lockSite(connection, site);
      const { layout, mapping, target } = await find(connection, { site, generation, table });
      const added = (await typedColumns(connection, table, mapping)).filter(({ name }) => names.includes(name));
      if (added.length === 0) return;
      const clauses = added.map(({ name, type }) => `add column if not exists ${quote(name)} ${type}`);
      // The table is locked for a moment: while we wait for its readers, others wait for us.
      const nextLock = await lockClock(connection);
      await nextLock();
      await connection.query({ text: `alter table ${layout.relation} ${clauses.join(', ')}` });
      if ((await readLive(connection, site)) !== generation.number) return;
      const after = await find(connection, { site, generation, table });
      await nextLock();
      await switchView(connection, site, { target, table: after.layout });
    }),
  );
}

async function find(
  connection: Connection,
  { site, generation, table }: { site: Site; generation: Generation; table: TableVersion },
): Promise<{ layout: TableLayout } & Pick<TargetDocument, 'mapping' | 'target'>> {
  const document = documentIn(site.definition, table);
  if (!document) throw new InvalidConfig(`${site.what} does not follow ${table.name}.`);
  const { target, mapping } = document;
  const layout = (await readLayout(connection, generationSchema(site.schema, generation.number), target)).get(target);
  if (!layout) throw missing(generation);
  return { layout, mapping, target };
}

/** Two texts of `format_type` may name one type under two search paths; what stands in parentheses is compared as text. */
async function sameTypes(connection: Connection, pairs: readonly (readonly [string, string])[]): Promise<boolean[]> {
  const { rows } = await connection.query({
    text: `select to_regtype(l) is not distinct from to_regtype(r) as same
      from unnest($1::text[], $2::text[]) with ordinality as t (l, r, place) order by place`,
    values: [pairs.map(([left]) => left), pairs.map(([, right]) => right)],
  });
  const modifier = (type: string) => /\(.*\)/.exec(type)?.[0];
  return pairs.map(([left, right], at) => rows[at]?.['same'] === true && modifier(left) === modifier(right));
}
