import { Blocked, Fenced, Unavailable } from '../../../model/errors';
import type { Generation, Store } from '../../../stores/store';
import {
  account,
  apply,
  balances,
  expectBlocked,
  expectFenced,
  failure,
  generation,
  lane,
  offsets,
  owner,
  recordedNext,
  withoutAccount,
} from '../fixture';
import type { Check } from '../check';

const first = generation(1);

/** A generation that `holder` owns and has filled with one account. */
async function begun(store: Store, holder = owner(1000), target: Generation = first): Promise<void> {
  await store.prepare(target);
  await store.acquire(target, lane, holder);
  await apply(store, target, { owner: holder, from: 0, to: 1, mutations: [account(1, 10, 0)] });
}

/** Invariant 4: who may write a lane, and from where. */
export const ownershipChecks = {
  'the same batch again changes nothing': async ({ open }) => {
    const store = await open();
    await begun(store);
    const again = await apply(store, first, { owner: owner(1000), from: 0, to: 1, mutations: [account(1, 10, 0)] });
    expect(again).toEqual({ durable: true, upserts: 0, deletes: 0, repeated: 1 });
    expect(await balances(store, first)).toEqual({ 'accounts/1': 10 });
    expect(await recordedNext(store, 1)).toBe(1);
  },

  'a batch that does not begin at the record is refused and moves nothing': async ({ open }) => {
    const store = await open();
    await begun(store);
    await expectBlocked(
      apply(store, first, { owner: owner(1000), from: 5, to: 6, mutations: [account(1, 99, 5)] }),
      'store-behind',
    );
    expect(await balances(store, first)).toEqual({ 'accounts/1': 10 });
    expect(await recordedNext(store, 1)).toBe(1);
  },

  'a batch of offsets that were passed long ago is refused and moves nothing': async ({ open }) => {
    const store = await open();
    await begun(store);
    await apply(store, first, { owner: owner(1000), from: 1, to: 2, mutations: [account(1, 20, 1)] });
    await expectBlocked(
      apply(store, first, { owner: owner(1000), from: 0, to: 1, mutations: [account(1, 10, 0)] }),
      'store-behind',
    );
    expect(await balances(store, first)).toEqual({ 'accounts/1': 20 });
    expect(await recordedNext(store, 1)).toBe(2);
  },

  'acquire answers with the record': async ({ open }) => {
    const store = await open();
    await begun(store);
    const other = await open();
    expect(await other.acquire(first, lane, owner(2000))).toEqual({
      next: offsets(1),
      position: { lsn: '100', index: 0 },
      positionAt: 1_700_000_000_001,
      logId: 'log-a',
      mappingHash: 'hash-1',
    });
  },

  'nobody writes a lane that was never acquired': async ({ open }) => {
    const store = await open();
    await store.prepare(first);
    await expectFenced(apply(store, first, { owner: owner(1000), from: 0, to: 1, mutations: [account(1, 1, 0)] }));
    expect(await balances(store, first)).toEqual({});
  },

  'a newer owner refuses the older one': async ({ open }) => {
    const [older, newer] = [await open(), await open()];
    await begun(older);
    await newer.acquire(first, lane, owner(2000));
    await expectFenced(
      apply(older, first, { owner: owner(1000), from: 1, to: 2, mutations: [account(1, 99, 1), account(2, 99, 2)] }),
    );
    expect(await balances(newer, first)).toEqual({ 'accounts/1': 10 });
    expect(await recordedNext(newer, 1)).toBe(1);
    await apply(newer, first, { owner: owner(2000), from: 1, to: 2, mutations: [account(1, 20, 1)] });
    expect(await balances(newer, first)).toEqual({ 'accounts/1': 20 });
  },

  'an owner scheduled earlier cannot take the lane back': async ({ open }) => {
    const [older, newer] = [await open(), await open()];
    await begun(older);
    await newer.acquire(first, lane, owner(2000));
    await expectFenced(older.acquire(first, lane, owner(1000)));
    await expectFenced(older.acquire(first, lane, owner(1000, 7)));
    await apply(newer, first, { owner: owner(2000), from: 1, to: 2, mutations: [account(1, 20, 1)] });
    expect(await recordedNext(newer, 1)).toBe(2);
  },

  'a retry scheduled in the same millisecond may take the lane': async ({ open }) => {
    const [older, newer] = [await open(), await open()];
    await begun(older, owner(1000, 1));
    await newer.acquire(first, lane, owner(1000, 2));
    await expectFenced(apply(older, first, { owner: owner(1000, 1), from: 1, to: 2, mutations: [account(1, 99, 1)] }));
    await expectFenced(older.acquire(first, lane, owner(1000, 1)));
  },

  'the same owner may acquire again and go on': async ({ open }) => {
    const store = await open();
    await begun(store);
    expect((await store.acquire(first, lane, owner(1000))).next).toEqual(offsets(1));
    await apply(store, first, { owner: owner(1000), from: 1, to: 2, mutations: [account(1, 20, 1)] });
    expect(await balances(store, first)).toEqual({ 'accounts/1': 20 });
  },

  'a replaced owner is told so first, also by a batch that can never be stored': async ({ open }) => {
    const [older, newer] = [await open(), await open()];
    await begun(older);
    await newer.acquire(first, lane, owner(2000));
    const odd = { owner: owner(1000), from: 1, to: 2, mutations: [account(1, 'not-a-number', 1), account(2, 2, 2)] };
    await expectFenced(apply(older, first, odd));
    expect(await balances(newer, first)).toEqual({ 'accounts/1': 10 });
  },

  "a delete is not undone by the old owner's late upsert": async ({ open }) => {
    const [older, newer] = [await open(), await open()];
    await begun(older);
    await newer.acquire(first, lane, owner(2000));
    await apply(newer, first, { owner: owner(2000), from: 1, to: 2, mutations: [withoutAccount(1, 1)] });
    await expectFenced(apply(older, first, { owner: owner(1000), from: 1, to: 2, mutations: [account(1, 10, 1)] }));
    expect(await balances(newer, first)).toEqual({});
  },

  'a newer owner takes the lane in the middle of a batch': async ({ open }) => {
    const [older, newer] = [await open(), await open()];
    await older.prepare(first);
    let next = 0;
    for (let round = 1; round <= 6; round += 1) {
      await older.acquire(first, lane, owner(round * 1000));
      // As on the log, a later record of a row has a higher offset.
      const many = Array.from({ length: 3000 }, (_, id) => account(id, 1, round * 10));
      const late = apply(older, first, { owner: owner(round * 1000), from: next, to: next + 1, mutations: many }).then(
        () => null,
        (error: unknown) => error,
      );
      const taken = owner(round * 1000 + 500);
      const { next: found } = await newer.acquire(first, lane, taken);
      const outcome = await late;
      const reached = Number(found['contract.positions']?.['0'] ?? 0);
      // Either the batch was there before the lane changed hands, or its owner was told that it is not.
      if (reached === next) expect([Fenced.name, Unavailable.name]).toContain((outcome as Error | null)?.name);
      else expect(reached).toBe(next + 1);
      expect(await recordedNext(newer, 1)).toBe(reached);
      const clear = many.map((each) => ({ ...each, document: null, version: String(round * 10 + 1) }));
      await apply(newer, first, { owner: taken, from: reached, to: reached + 1, mutations: clear });
      expect(await balances(newer, first)).toEqual({});
      next = reached + 1;
    }
  },

  'a lane is taken from an owner that stopped between two closed points': async ({ open }) => {
    const [stopped, newer] = [await open(), await open()];
    await begun(stopped);
    await stopped.promote(first);
    const half = { owner: owner(1000), from: 1, to: 2, mutations: [account(1, 5, 1)], closed: false, live: true };
    const { durable } = await apply(stopped, first, half);
    const { next } = await newer.acquire(first, lane, owner(2000));
    const reached = durable ? 2 : 1;
    expect(next).toEqual(offsets(reached));
    const late = await failure(
      apply(stopped, first, { owner: owner(1000), from: 2, to: 3, mutations: [account(2, 5, 2)], live: true }),
    );
    expect(late).not.toBeInstanceOf(Blocked);
    await expectFenced(stopped.acquire(first, lane, owner(1000)));
    await apply(newer, first, { owner: owner(2000), from: reached, to: 3, mutations: [account(1, 7, 2)], live: true });
    expect(await balances(newer, first)).toEqual({ 'accounts/1': 7 });
  },

  'an owner that is refused disturbs nothing': async ({ open }) => {
    const [older, newer] = [await open(), await open()];
    await begun(older);
    await newer.acquire(first, lane, owner(2000));
    const half = { owner: owner(2000), from: 1, to: 2, mutations: [account(1, 5, 1)], closed: false, live: true };
    await apply(newer, first, half);
    await expectFenced(older.acquire(first, lane, owner(1000)));
    const whole = { owner: owner(2000), from: 2, to: 3, mutations: [account(2, 5, 2)], live: true };
    expect(await apply(newer, first, whole)).toMatchObject({ durable: true });
    expect(await balances(newer, first)).toEqual({ 'accounts/1': 5, 'accounts/2': 5 });
  },
} satisfies Record<string, Check>;
