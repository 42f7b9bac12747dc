import { Unavailable } from '../../model/errors';
import { coalesce, type Mutation } from '../../model/mutation';
import type { Offsets } from '../../model/offsets';
import { openPostgresStore } from '../../stores/postgres/store';
import type { Store } from '../../stores/store';
import { announceSeed, seeded, type Random } from '../support/random';
import {
  account,
  balances,
  catalogue,
  generation,
  lane,
  owner,
  pipeline,
  position,
  storeName,
  withoutAccount,
} from './fixture';
import { createTestDatabase, schema, type TestDatabase } from './postgres-adapter';
import { tapped } from './postgres-connections';
import { createTap } from './tap';

jest.setTimeout(600_000);

const parallel = 3;
const perPartition = 40;
/** So many that most are written once or twice: what is lost of one is made good by no later write. */
const rows = 60;
const topic = 'contract.public.accounts';
const first = generation(1);
const { signal } = new AbortController();

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

/** By partition: one large transaction, in which a row's balance only grows. */
type Log = readonly (readonly Mutation[])[];

function logOf(random: Random): Log {
  return [0, 1].map((partition) =>
    Array.from({ length: perPartition }, (_, offset) => {
      const id = 2 * random.between(0, rows / 2 - 1) + partition;
      return random.chance(0.2) ? withoutAccount(id, offset) : account(id, offset, offset);
    }),
  );
}

const placesOf = (next: Offsets) => [0, 1].map((partition) => Number(next[topic]?.[String(partition)] ?? 0));
const offsetsOf = ([zero = 0, one = 0]: readonly number[]): Offsets => ({
  [topic]: { 0: String(zero), 1: String(one) },
});
const between = (log: Log, from: readonly number[], to: readonly number[]) =>
  coalesce(log.flatMap((records, partition) => records.slice(from[partition], to[partition])));

function fold(log: Log): Record<string, unknown> {
  const held = between(log, [0, 0], [perPartition, perPartition]).filter(({ document }) => document !== null);
  return Object.fromEntries(held.map(({ id, document }) => [id, document?.['balance']]));
}

/** One process after the other: each takes the lane, applies pieces of any shape, and loses a connection somewhere. */
async function run(random: Random, log: Log, afterDeath: () => Promise<unknown>): Promise<Record<string, unknown>> {
  await database.clear();
  const seen = new Map<string, number>();
  const tables = { 'public.accounts': {} };
  const definition = { type: 'postgres', url: { env: 'UNUSED' }, schema, tables, parallel } as const;
  for (let process = 1; ; process += 1) {
    const { tap, cut } = createTap();
    const context = { pipeline, store: storeName, definition, url: database.url, catalogue: async () => catalogue };
    const store = openPostgresStore(context, tapped(tap));
    try {
      if (process === 1) await store.prepare(first);
      if (await follow({ store, cut, random, log, seen, process })) return await balances(store, first);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    } finally {
      await store.close();
    }
    await afterDeath();
  }
}

interface Following {
  readonly store: Store;
  readonly cut: ReturnType<typeof createTap>['cut'];
  readonly random: Random;
  readonly log: Log;
  /** The most that was ever read of a row. */
  readonly seen: Map<string, number>;
  readonly process: number;
}

/** True once the lane's own record is at the end. */
async function follow({ store, cut, random, log, seen, process }: Following): Promise<boolean> {
  const me = owner(1000 * process);
  let { next } = await store.acquire(first, lane, me);
  // Late ones go through: what is asked is whether they come to the right end, not whether they get there.
  const isLate = process > 12;
  if (!isLate) cut({ at: random.between(2, 60), when: random.pick(['before', 'after']) });
  // Few enough that the first process never comes to the end.
  for (let left = isLate ? Infinity : random.between(1, 4); left > 0; left -= 1) {
    const from = placesOf(next);
    if (from.every((at) => at === perPartition)) return true;
    const to = from.map((at) => Math.min(perPartition, at + random.between(0, 9)));
    if (to.every((at, partition) => at === from[partition])) continue;
    const closed = to.every((at) => at === perPartition);
    const batch = { lane, owner: me, from: next, to: offsetsOf(to), closed, position: position(0), positionAt: 0 };
    await store.apply(first, { ...batch, mutations: between(log, from, to), live: true }, signal);
    next = batch.to;
    for (const [id, balance] of Object.entries(await balances(store, first))) {
      expect([id, balance]).toEqual([id, Math.max(Number(balance), seen.get(id) ?? 0)]);
      seen.set(id, Number(balance));
    }
  }
  return false;
}

const runs = Number(process.env['SLIPSTREAM_TEST_PROPERTY_RUNS'] ?? 5);

test('a large transaction, read again in other pieces by whoever comes next, is there once, and no row goes back', async () => {
  const random = seeded(announceSeed('pieces of a parallel lane'));
  for (let count = 0; count < runs; count += 1) {
    const log = logOf(random);
    expect(await run(random, log, () => Promise.resolve())).toEqual(fold(log));
  }
});

test('control: shares that say they had passed all of it lose rows', async () => {
  const random = seeded(1);
  const log = logOf(random);
  const ahead = JSON.stringify(offsetsOf([perPartition, perPartition]));
  const sabotage = () => database.client.query(`update ${schema}_g1._slipstream set next = $1 where lane = 1`, [ahead]);
  expect(await run(random, log, sabotage)).not.toEqual(fold(log));
});
