import type { Mutation } from '../../model/mutation';
import type { Offsets } from '../../model/offsets';
import { openPostgresStore } from '../../stores/postgres/store';
import { shareOf } from '../../stores/postgres/parallel';
import type { Batch, Owner, Store } from '../../stores/store';
import {
  account,
  apply,
  balances,
  catalogue,
  failure,
  generation,
  lane,
  offsets,
  owner,
  pipeline,
  position,
  storeName,
} from './fixture';
import { createTestDatabase, postgresAdapter, schema, type TestDatabase } from './postgres-adapter';
import { through, withoutCompare } from './postgres-connections';
import { describeStoreContract, expectCheckToFail } from './store-contract';
import { describeStoreProperties, expectPropertiesToFail } from './store-properties';

const parallel = 3;
let database: TestDatabase;

const first = generation(1);
const tables = { 'public.accounts': {} };
const definition = { type: 'postgres', url: { env: 'UNUSED' }, schema, tables, parallel } as const;
const open = () =>
  openPostgresStore({ pipeline, store: storeName, definition, url: database.url, catalogue: async () => catalogue });

/** A process writes a batch, and one share refuses its row; meanwhile the others have theirs: `held`. */
async function diesHalfWay(batch: (store: Store) => Promise<unknown>, held: object): Promise<Error> {
  await database.clear();
  const store = open();
  try {
    await store.prepare(first);
    await store.acquire(first, lane, owner(1000));
    await database.client.query(`alter table ${schema}_g1.accounts add constraint odd check (balance <> 666)`);
    const error = await failure(batch(store));
    expect(await balances(store, first)).toEqual(held);
    await database.client.query(`alter table ${schema}_g1.accounts drop constraint odd`);
    return error;
  } finally {
    await store.close();
  }
}

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

describeStoreContract(postgresAdapter(() => database, undefined, { parallel }));
describeStoreProperties(
  postgresAdapter(() => database, undefined, { parallel }),
  6,
);

describe('controls: with the mechanism sabotaged its check fails', () => {
  const sabotaged = () => postgresAdapter(() => database, through(withoutCompare), { parallel });

  test.each([
    'a newer owner refuses the older one',
    'an owner replaced at any request of its batch changes nothing any more',
  ] as const)('no compare-and-set: %s', async (name) => {
    await expectCheckToFail(name, sabotaged());
  });

  test('random runs: no compare-and-set', async () => {
    await expectPropertiesToFail(sabotaged(), 30);
  });
});

describe('a large transaction that is read again in another order of partitions', () => {
  const share = (wanted: number) =>
    [...Array(200).keys()].filter((id) => shareOf(`accounts/${id}`, parallel) === wanted);
  const [left = -1, right = -1] = share(0);
  const [odd = -1] = share(1);
  /** So many records of each partition, none of the positions topic: within one transaction. */
  const at = (zero: number, one: number): Offsets => ({
    'contract.public.accounts': { 0: String(zero), 1: String(one) },
  });
  const piece = (
    { owner: of, from, to, closed = false }: { owner: Owner; from: Offsets; to: Offsets; closed?: boolean },
    mutations: readonly Mutation[],
  ): Batch => ({ lane, owner: of, from, to, closed, mutations, position: position(0), positionAt: 0, live: true });
  const { signal } = new AbortController();

  /** One process dies when a share has its part of partition 0, and another its part of nothing. */
  async function half(): Promise<void> {
    const mutations = [account(left, 2, 1), account(odd, 666, 2)];
    const batch = piece({ owner: owner(1000), from: {}, to: at(3, 0) }, mutations);
    await diesHalfWay((store) => store.apply(first, batch, signal), { [`accounts/${left}`]: 2 });
  }

  /** Another process takes partition 1 first, and of partition 0 a part. */
  async function again() {
    const store = open();
    const me = { owner: owner(2000) };
    try {
      expect((await store.acquire(first, lane, me.owner)).next).toEqual({});
      const other = piece({ ...me, from: {}, to: at(1, 2) }, [account(left, 1, 0), account(right, 7, 1)]);
      await store.apply(first, other, signal);
      const between = await balances(store, first);
      const rest = [account(left, 2, 1), account(odd, 666, 2)];
      const last = piece({ ...me, from: at(1, 2), to: at(3, 2), closed: true }, rest);
      expect((await store.apply(first, last, signal)).durable).toBe(true);
      expect((await store.acquire(first, lane, owner(3000))).next).toEqual(at(3, 2));
      return { between: between[`accounts/${left}`], end: await balances(store, first) };
    } finally {
      await store.close();
    }
  }

  const whole = { [`accounts/${left}`]: 2, [`accounts/${right}`]: 7, [`accounts/${odd}`]: 666 };
  const standing = (next: Offsets | null) =>
    database.client.query(`update ${schema}_g1._slipstream set next = $1 where lane = 1`, [JSON.stringify(next ?? {})]);

  test('loses nothing, and no row goes back', async () => {
    await half();
    expect(await again()).toEqual({ between: 2, end: whole });
  });

  test('is given up between two of its pieces, and taken up by another owner', async () => {
    await half();
    const store = open();
    try {
      await store.acquire(first, lane, owner(1500));
      const other = piece({ owner: owner(1500), from: {}, to: at(1, 2) }, [account(left, 1, 0), account(right, 7, 1)]);
      expect((await store.apply(first, other, signal)).durable).toBe(false);
      await store.release(first, lane);
    } finally {
      await store.close();
    }
    expect(await again()).toEqual({ between: 2, end: whole });
  });

  test('control: with the record of the share taken back, the row goes back', async () => {
    await half();
    await standing(null);
    expect(await again()).toEqual({ between: 1, end: whole });
  });

  test('control: of a share that says it had passed both partitions, a row is lost', async () => {
    await half();
    await standing(at(3, 2));
    expect((await again()).end).not.toHaveProperty([`accounts/${right}`]);
  });
});

describe('a batch that is there by half', () => {
  const idOf = (share: number) =>
    [...Array(100).keys()].find((id) => shareOf(`accounts/${id}`, parallel) === share) ?? -1;
  const [early, late] = [idOf(0), idOf(1)];

  /** Three changes of `early` in one batch, of which one share has the last; the other share refuses its own row. */
  async function half(): Promise<void> {
    const batch = { owner: owner(1000), from: 0, to: 4, mutations: [account(early, 3, 3), account(late, 666, 2)] };
    const error = await diesHalfWay((store) => apply(store, first, batch), { [`accounts/${early}`]: 3 });
    expect(error.message).toContain(`(id = ${late})`);
  }

  /** Another process reads the same place of the log again, in smaller pieces. Says what `early` was after the first. */
  async function again(): Promise<unknown> {
    const store = open();
    try {
      const { next } = await store.acquire(first, lane, owner(2000));
      expect(next).toEqual({});
      const me = { owner: owner(2000) };
      await apply(store, first, { ...me, from: 0, to: 2, mutations: [account(early, 1, 1)] });
      const between = (await balances(store, first))[`accounts/${early}`];
      await apply(store, first, { ...me, from: 2, to: 4, mutations: [account(late, 666, 2), account(early, 3, 3)] });
      expect(await balances(store, first)).toEqual({ [`accounts/${early}`]: 3, [`accounts/${late}`]: 666 });
      expect((await store.acquire(first, lane, owner(3000))).next).toEqual(offsets(4));
      return between;
    } finally {
      await store.close();
    }
  }

  test('is taken up where each share stands: no row goes back', async () => {
    await half();
    expect(await again()).toBe(3);
  });

  test('control: with the records of the shares taken back, the row goes back', async () => {
    await half();
    await database.client.query(`update ${schema}_g1._slipstream set next = '{}' where lane > 0`);
    expect(await again()).toBe(1);
  });
});
