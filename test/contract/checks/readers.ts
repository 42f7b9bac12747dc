import {
  account,
  apply,
  generation,
  lane,
  offsets,
  owner,
  recordedNext,
  renamedAccount,
  renamedTables,
  withoutAccount,
} from '../fixture';
import { Unavailable } from '../../../model/errors';
import type { Check } from '../check';
import type { Generation, Store } from '../../../stores/store';

const first = generation(1);
const second = generation(2);
const me = owner(1000);

const total = (rows: Readonly<Record<string, { readonly [column: string]: unknown }>> | null) =>
  Object.values(rows ?? {}).reduce((sum, row) => sum + Number(row['balance']), 0);

/**
 * As Temporal does it: a switch may be refused, with nothing changed, for as long as readers hold what it needs. One that
 * is never made meets the test's own bound.
 */
async function promoteUnderReaders(store: Store, target: Generation): Promise<void> {
  for (;;) {
    try {
      return await store.promote(target);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    }
  }
}

/** Lets everything else go on: a store in memory has no input or output to wait for. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Invariant 7: what readers see. */
export const readerChecks = {
  'readers see a generation once it is promoted, and may be moved back': async ({ open, read }) => {
    const [store, later] = [await open(), await open(renamedTables)];
    await store.prepare(first);
    await store.acquire(first, lane, me);
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 10, 0)] });
    expect(Object.keys((await read('accounts')) ?? {})).toEqual([]);
    await store.promote(first);
    await store.promote(first);
    expect(Object.values((await read('accounts')) ?? {})).toEqual([account(1, 10, 0).document]);
    await later.prepare(second);
    await later.acquire(second, lane, me);
    await apply(later, second, { owner: me, from: 0, to: 1, mutations: [renamedAccount(1, 10, 0)] });
    expect(Object.values((await read('accounts')) ?? {})).toEqual([account(1, 10, 0).document]);
    await later.promote(second);
    expect(Object.values((await read('accounts')) ?? {})).toEqual([renamedAccount(1, 10, 0).document]);
    expect((await store.inspect()).live).toBe(2);
    await store.promote(first);
    expect(Object.values((await read('accounts')) ?? {})).toEqual([account(1, 10, 0).document]);
    expect((await store.inspect()).live).toBe(1);
  },

  'readers see what a live generation is given, deletes too': async ({ open, read }) => {
    const store = await open();
    await store.prepare(first);
    await store.acquire(first, lane, me);
    await store.promote(first);
    await apply(store, first, {
      owner: me,
      from: 0,
      to: 1,
      mutations: [account(1, 1, 0), account(2, 2, 0)],
      live: true,
    });
    expect(total(await read('accounts'))).toBe(3);
    await apply(store, first, { owner: me, from: 1, to: 2, mutations: [withoutAccount(1, 1)], live: true });
    expect(total(await read('accounts'))).toBe(2);
  },

  'a reader during promotion never sees an empty, partial or mixed store': async ({ open, read }) => {
    const [store, later] = [await open(), await open(renamedTables)];
    const ids = Array.from({ length: 50 }, (_, id) => id);
    await store.prepare(first);
    await store.acquire(first, lane, me);
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: ids.map((id) => account(id, 1, 0)) });
    await store.promote(first);
    let reading = true;
    const seen = (async () => {
      let generation = 1;
      let reads = 0;
      while (reading || reads === 0) {
        const rows = Object.values((await read('accounts')) ?? {});
        expect(rows).toHaveLength(50);
        const shapes = new Set(rows.map((row) => ('owner_name' in row ? 2 : 1)));
        expect(shapes.size).toBe(1);
        const [shape = 0] = shapes;
        expect(shape).toBeGreaterThanOrEqual(generation); // never back in time
        generation = shape;
        reads += 1;
      }
      return generation;
    })();
    const promoted = (async () => {
      await later.prepare(second);
      await later.acquire(second, lane, me);
      for (const [at, id] of ids.entries()) {
        const mutations = [renamedAccount(id, 1, 0)];
        await apply(later, second, { owner: me, from: at, to: at + 1, mutations, closed: at === 49 });
      }
      await promoteUnderReaders(later, second);
    })().finally(() => (reading = false));
    await Promise.all([seen, promoted]);
    expect(Object.values((await read('accounts')) ?? {}).every((row) => 'owner_name' in row)).toBe(true);
  },

  'a reader that never stops sees whole generations, in the order of promotion, rollback and drop': async ({
    open,
    read,
  }) => {
    const [store, later] = [await open(), await open(renamedTables)];
    const ids = Array.from({ length: 50 }, (_, id) => id);
    const fill = async (into: Store, target: Generation, of: typeof account | typeof renamedAccount) => {
      await into.prepare(target);
      await into.acquire(target, lane, me);
      await apply(into, target, { owner: me, from: 0, to: 1, mutations: ids.map((id) => of(id, 1, 0)) });
    };
    await fill(store, first, account);
    await fill(later, second, renamedAccount);
    await store.promote(first);
    const seen: number[] = [];
    let reading = true;
    let reads = 0;
    const reader = (async () => {
      while (reading) {
        const rows = Object.values((await read('accounts')) ?? {});
        const shapes = new Set(rows.map((row) => ('owner_name' in row ? 2 : 1)));
        expect({ rows: rows.length, shapes: shapes.size }).toEqual({ rows: 50, shapes: 1 });
        const [shape = 0] = shapes;
        if (seen.at(-1) !== shape) seen.push(shape);
        reads += 1;
        await turn();
      }
    })();
    /** Two reads end from now on: the second of them began after the switch. */
    const readAgain = async () => {
      const enough = reads + 2;
      // A reader that fails ends the waiting with its failure.
      while (reads < enough) await Promise.race([reader, turn()]);
    };
    try {
      await readAgain();
      for (const [into, target] of [
        [later, second],
        [store, first],
        [later, second],
      ] as const) {
        await promoteUnderReaders(into, target);
        await promoteUnderReaders(into, target);
        await readAgain();
      }
      await later.drop(first);
      await readAgain();
    } finally {
      reading = false;
      await reader;
    }
    expect(seen).toEqual([1, 2, 1, 2]);
    expect(await store.inspect()).toMatchObject({ generations: [{ number: 2 }], live: 2 });
  },

  'readers move from closed point to closed point where the store promises it': async ({ open, read }) => {
    const [store, other] = [await open(), await open()];
    if (!store.capabilities.transactionConsistent) return;
    await store.prepare(first);
    await store.acquire(first, lane, me);
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 50, 0), account(2, 50, 0)] });
    await store.promote(first);
    const live = { owner: me, live: true } as const;
    const taken = await apply(store, first, { ...live, from: 1, to: 2, mutations: [account(1, 40, 1)], closed: false });
    expect(taken.durable).toBe(false);
    expect(total(await read('accounts'))).toBe(100);
    expect(await recordedNext(other, 1)).toBe(1);
    const still = await apply(store, first, { ...live, from: 2, to: 3, mutations: [account(1, 30, 2)], closed: false });
    expect(still.durable).toBe(false);
    expect(total(await read('accounts'))).toBe(100);
    const given = await apply(store, first, { ...live, from: 3, to: 4, mutations: [account(2, 70, 3)] });
    expect(given.durable).toBe(true);
    expect(total(await read('accounts'))).toBe(100);
    expect(
      Object.values((await read('accounts')) ?? {})
        .map((row) => row['balance'])
        .sort(),
    ).toEqual([30, 70]);
    expect(await recordedNext(other, 1)).toBe(4);
  },

  'release gives up what is held between closed points, and may be repeated': async ({ open, read }) => {
    const store = await open();
    await store.prepare(first);
    await store.release(first, lane);
    await store.acquire(first, lane, me);
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 50, 0)] });
    await store.promote(first);
    const half = { owner: me, from: 1, to: 2, mutations: [account(1, 40, 1)], closed: false, live: true };
    const { durable } = await apply(store, first, half);
    await store.release(first, lane);
    await store.release(first, lane);
    expect(total(await read('accounts'))).toBe(durable ? 40 : 50);
    const { next } = await (await open()).acquire(first, lane, owner(2000));
    expect(next).toEqual(offsets(durable ? 2 : 1));
  },

  'a generation nobody reads may stop anywhere': async ({ open }) => {
    const store = await open();
    await store.prepare(first);
    await store.acquire(first, lane, me);
    const half = { owner: me, from: 0, to: 1, mutations: [account(1, 50, 0)], closed: false };
    expect(await apply(store, first, half)).toMatchObject({ durable: true });
    expect((await (await open()).acquire(first, lane, owner(2000))).next).toEqual(offsets(1));
  },
} satisfies Record<string, Check>;
