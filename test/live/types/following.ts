import type { Client } from 'pg';
import { readTables } from '../../../capture/session';
import type { Change } from '../../../model/change';
import { createMapping } from '../../../model/mapping';
import { coalesce } from '../../../model/mutation';
import type { StoreDefinition, TableMapping } from '../../../model/pipeline';
import type { TableSchema } from '../../../model/schema';
import { openPostgresStore } from '../../../stores/postgres/store';
import type { Store } from '../../../stores/store';
import { apply, generation, lane, owner } from '../../contract/fixture';
import { createTestDatabase } from '../../contract/postgres-adapter';
import type { Source } from '../capture/source';
import { withPlace } from '../stores/elasticsearch-fixture';
import { openTruth } from './truth';

export const first = generation(1);
const me = owner(1_000);
export const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Captures what is there, then what `write` does, until so many changes have come. */
export async function captured(
  source: Source,
  tables: readonly string[],
  count: number,
  write: () => Promise<unknown>,
) {
  await source.prepare();
  const running = await source.capture();
  await source.log.until(() => tables.every((table) => source.log.last?.copies[table]?.done), 'the copies');
  await write();
  await source.log.until(() => source.log.changes.length >= count, `${count} changes`);
  await running.stop();
  return source.log.changes;
}

export interface Following {
  readonly source: Source;
  readonly changes: readonly Change[];
  readonly tables: Readonly<Record<string, TableMapping>>;
}

/** `piecewise`: each change in a batch of its own, as in a generation that is being built. */
async function follow(store: Store, { changes, tables }: Following, piecewise = false): Promise<void> {
  await store.prepare(first);
  await store.acquire(first, lane, me);
  const definition: StoreDefinition = { type: 'postgres', url: { env: 'X' }, schema: 'replica', tables };
  const map = createMapping(definition);
  const mutations = changes.flatMap((change, at) => map(change, String(at + 1)) ?? []);
  const batches = piecewise ? mutations.map((mutation) => [mutation]) : [coalesce(mutations)];
  for (const [at, batch] of batches.entries()) {
    await apply(store, first, { owner: me, from: at, to: at + 1, mutations: batch });
  }
}

/** Follows into a replica, and hands both sides to `compare`. */
export async function inReplica(
  { source, ...following }: Following,
  compare: (sides: { source: Client; replica: Client; store: Store }) => Promise<void>,
  options: {
    readonly piecewise?: boolean;
    /** What the store is told of the tables. */
    readonly described?: (table: TableSchema) => TableSchema;
    /** Run in the replica's database before. */
    readonly statements?: readonly string[];
  } = {},
): Promise<void> {
  const database = await createTestDatabase();
  const tables = await readTables(source.url, Object.keys(following.tables));
  const catalogue = options.described ? tables.map(options.described) : tables;
  for (const statement of options.statements ?? []) await database.client.query(statement);
  const store = openPostgresStore({
    ...{ pipeline: first.pipeline, store: first.store, url: database.url, catalogue: async () => catalogue },
    definition: { type: 'postgres', url: { env: 'X' }, schema: 'replica', tables: following.tables },
  });
  const sides = { source: await openTruth(source.url), replica: await openTruth(database.url), store };
  try {
    await follow(store, { source, ...following }, options.piecewise);
    await compare(sides);
  } finally {
    await sides.source.end();
    await sides.replica.end();
    await store.close();
    await database.close();
  }
}

export async function inIndex(following: Following, check: (store: Store) => Promise<void>): Promise<void> {
  const catalogue = await readTables(following.source.url, Object.keys(following.tables));
  await withPlace(async (place) => {
    const store = place.open({ tables: following.tables, catalogue });
    await follow(store, following);
    await check(store);
  });
}

export async function expectSame(
  { source, replica }: { source: Client; replica: Client },
  table: string,
  target: string,
  key: string,
): Promise<void> {
  const rows = async (client: Client, name: string) =>
    (await client.query<Record<string, string | null>>(`select * from ${name} order by ${key}`)).rows;
  const expected = await rows(source, table);
  expect(expected.length).toBeGreaterThan(0);
  expect(await rows(replica, `replica_g1.${quote(target)}`)).toEqual(expected);
}
