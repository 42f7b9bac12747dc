import { InvalidConfig } from '../../../model/errors';
import { origin } from '../../../model/position';
import {
  account,
  apply,
  balances,
  catalogue,
  expectBlocked,
  failure,
  generation,
  lane,
  mutation,
  offsets,
  owner,
  renamedAccount,
  renamedTables,
  scanAll,
  tables,
} from '../fixture';
import type { Check } from '../check';

const first = generation(1);
const second = generation(2);
const me = owner(1000);

/** Invariants 7 and 9: what a store knows of its generations, and what it refuses to adopt. */
export const generationChecks = {
  'an empty store holds nothing and readers use nothing': async ({ open }) => {
    const store = await open();
    expect(await store.inspect()).toEqual({ generations: [], live: null });
  },

  'prepare may be repeated and keeps what is there': async ({ open }) => {
    const store = await open();
    await store.prepare(first);
    await store.acquire(first, lane, me);
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 10, 0)] });
    await store.prepare(first);
    await (await open()).prepare(first);
    expect(await balances(store, first)).toEqual({ 'accounts/1': 10 });
    await apply(store, first, { owner: me, from: 1, to: 2, mutations: [account(1, 11, 1)] });
  },

  'a generation may be prepared by two at once': async ({ open }) => {
    const [one, other] = [await open(), await open()];
    await Promise.all([one.prepare(first), other.prepare(first), one.prepare(first)]);
    expect((await one.inspect()).generations).toHaveLength(1);
  },

  'a generation says how a version of a table fits it, and takes the columns it lacks': async ({ open }) => {
    const store = await open();
    await store.prepare(first);
    const owned = await store.acquire(first, lane, me);
    expect(owned.next).toEqual({});
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 10, 0)] });
    const [accounts] = catalogue;
    if (!accounts) throw new Error('the catalogue has no table');
    const [id, holder, balance] = accounts.columns;
    if (!id || !holder || !balance) throw new Error('the table has no columns');
    const note = { ...holder, name: 'note' };
    const version = { ...accounts, columns: [id, holder, { ...balance, type: 'text', baseType: 'text' }, note] };
    expect(await store.fit(first, accounts)).toEqual({ absent: [], other: [], surplus: [] });
    expect(await store.fit(first, version)).toEqual({ absent: ['note'], other: ['balance'], surplus: ['vip'] });
    await store.release(first, lane);
    await store.extend(first, version, ['note']);
    await store.extend(first, version, ['note']);
    expect(await store.fit(first, { ...accounts, columns: [...accounts.columns, note] })).toEqual({
      ...{ absent: [], other: [], surplus: [] },
    });
    await store.acquire(first, lane, owner(2000));
    const whole = { id: 2, holder: 'h', balance: 5, vip: true, note: 'new' };
    const mutations = [mutation('accounts', { id: 2 }, whole, 1)];
    await apply(store, first, { owner: owner(2000), from: 1, to: 2, mutations });
    const found = await scanAll(store, first, 'accounts');
    expect(found.map(({ body }) => body['note'] ?? null)).toEqual([null, 'new']);
  },

  'columns that another process gave a generation are written by the one that had the lane before': async ({
    open,
  }) => {
    const [before, meanwhile] = [await open(), await open()];
    await before.prepare(first);
    await before.acquire(first, lane, me);
    await apply(before, first, { owner: me, from: 0, to: 1, mutations: [account(1, 10, 0)] });
    await before.release(first, lane);
    const [accounts] = catalogue;
    const [, holder] = accounts?.columns ?? [];
    if (!accounts || !holder) throw new Error('the catalogue has no table');
    await meanwhile.acquire(first, lane, owner(2000));
    await meanwhile.extend(first, { ...accounts, columns: [...accounts.columns, { ...holder, name: 'note' }] }, [
      'note',
    ]);
    await before.acquire(first, lane, owner(3000));
    const whole = { id: 2, holder: 'h', balance: 5, vip: true, note: 'new' };
    const mutations = [mutation('accounts', { id: 2 }, whole, 1)];
    await apply(before, first, { owner: owner(3000), from: 1, to: 2, mutations });
    const found = await scanAll(before, first, 'accounts');
    expect(found.map(({ body }) => body['note'] ?? null)).toEqual([null, 'new']);
  },

  'a generation built under another mapping or from another log is not adopted': async ({ open }) => {
    const store = await open();
    await store.prepare(first);
    const others = [
      { other: generation(1, { mappingHash: 'hash-x' }), reason: 'store-behind' },
      { other: generation(1, { logId: 'log-x' }), reason: 'log-replaced' },
    ] as const;
    for (const { other, reason } of others) {
      await expectBlocked(store.prepare(other), reason);
      await expectBlocked(store.acquire(other, lane, me), reason);
      await expectBlocked(store.promote(other), reason);
    }
    expect((await store.acquire(first, lane, me)).next).toEqual({});
  },

  'a generation that was never prepared cannot be acquired or promoted': async ({ open }) => {
    const store = await open();
    await expectBlocked(store.acquire(first, lane, me), 'store-behind');
    await expectBlocked(store.promote(first), 'store-behind');
  },

  'a lane that was asked for too early is written once its generation is prepared': async ({ open }) => {
    const store = await open();
    await expectBlocked(store.acquire(first, lane, me), 'store-behind');
    await (await open()).prepare(first);
    await store.acquire(first, lane, me);
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 10, 0)] });
    expect(await balances(store, first)).toEqual({ 'accounts/1': 10 });
  },

  'inspect tells generations, offsets and which one readers use': async ({ open }) => {
    const [store, later] = [await open(), await open(renamedTables)];
    await store.prepare(first);
    await later.prepare(second);
    await store.acquire(first, lane, me);
    await apply(store, first, { owner: me, from: 0, to: 3, mutations: [account(1, 10, 0)] });
    await store.promote(first);
    const { generations, live } = await (await open()).inspect();
    expect(live).toBe(1);
    expect(generations).toMatchObject([
      { number: 1, mappingHash: 'hash-1', logId: 'log-a', next: offsets(3), position: { lsn: '300', index: 0 } },
      { number: 2, mappingHash: 'hash-2', logId: 'log-a', next: {}, position: origin, positionAt: 0 },
    ]);
    expect(generations.map(({ definition }) => definition.tables)).toEqual([tables, renamedTables]);
  },

  'two generations are written side by side': async ({ open }) => {
    const [live, building] = [await open(), await open(renamedTables)];
    await live.prepare(first);
    await building.prepare(second);
    await live.acquire(first, lane, me);
    await building.acquire(second, lane, owner(900));
    await apply(live, first, { owner: me, from: 0, to: 1, mutations: [account(1, 10, 0)] });
    await apply(building, second, { owner: owner(900), from: 0, to: 1, mutations: [renamedAccount(1, 20, 0)] });
    expect(await balances(live, first)).toEqual({ 'accounts/1': 10 });
    expect(await balances(building, second)).toEqual({ 'accounts/1': 20 });
  },

  'the generation readers use is not dropped, others are, and dropping may be repeated': async ({ open }) => {
    const store = await open();
    await store.prepare(first);
    await store.prepare(second);
    await store.promote(first);
    expect(await failure(store.drop(first))).toBeInstanceOf(InvalidConfig);
    await store.drop(second);
    await store.drop(second);
    await store.promote(first);
    expect(await store.inspect()).toMatchObject({ generations: [{ number: 1 }], live: 1 });
  },

  'a late batch does not bring a dropped generation back': async ({ open }) => {
    const [older, newer] = [await open(), await open()];
    await older.prepare(second);
    await older.acquire(second, lane, me);
    await apply(older, second, { owner: me, from: 0, to: 1, mutations: [account(1, 10, 0)] });
    await newer.drop(second);
    await failure(apply(older, second, { owner: me, from: 1, to: 2, mutations: [account(1, 11, 1)] }));
    expect(await newer.inspect()).toEqual({ generations: [], live: null });
  },
} satisfies Record<string, Check>;
