import { Refused } from '../../../stores/refused';
import type { Store } from '../../../stores/store';
import type { Check } from '../check';
import {
  account,
  apply,
  balances,
  batch,
  failure,
  generation,
  lane,
  line,
  owner,
  recordedNext,
  scanAll,
} from '../fixture';

const first = generation(1);
const me = owner(1000);
const odd = (id: number, version: number) => account(id, 'not-a-number', version);

async function prepared(open: () => Promise<Store>): Promise<Store> {
  const store = await open();
  await store.prepare(first);
  await store.acquire(first, lane, me);
  return store;
}

async function refused(promise: Promise<unknown>): Promise<Refused> {
  const error = await failure(promise);
  expect(error).toBeInstanceOf(Refused);
  return error as Refused;
}

const offsetsOf = ({ refusals }: Refused) =>
  refusals.map(({ mutation }) => Number(mutation.version)).sort((a, b) => a - b);

/** Of a batch that is refused, who is to blame; and that the rest may go on. */
export const refusalChecks = {
  'every refused record of a batch is named, and the batch is taken without them': async ({ open }) => {
    const store = await prepared(open);
    const good = Array.from({ length: 60 }, (_, id) => account(id, id, id));
    const bad = [odd(100, 100), odd(117, 117), odd(118, 118), odd(159, 159)];
    const lines = Array.from({ length: 20 }, (_, index) => line('1', `p${index}`, index, index));
    const mutations = [...good.slice(0, 7), ...bad.slice(0, 1), ...lines, ...good.slice(7), ...bad.slice(1)];
    const whole = { ...batch({ owner: me, from: 0, to: 1, mutations }), refusalLimit: 10 };
    const error = await refused(store.apply(first, whole, new AbortController().signal));
    expect(offsetsOf(error)).toEqual([100, 117, 118, 159]);
    for (const { error: each } of error.refusals) {
      expect(each.message).toMatch(/accounts at offset 1\d\d \(id = 1\d\d\)/);
      expect(each.message).not.toContain('not-a-number');
    }
    expect(await recordedNext(store, 1)).toBe(0);
    const rest = { ...whole, mutations: mutations.filter((each) => !bad.includes(each)) };
    await store.apply(first, rest, new AbortController().signal);
    expect(await recordedNext(store, 1)).toBe(1);
    expect(Object.keys(await balances(store, first))).toHaveLength(60);
    expect(await scanAll(store, first, 'lines')).toHaveLength(20);
  },

  'what a transaction held before a batch that is refused in part is still held': async ({ open, read }) => {
    const store = await prepared(open);
    if (!store.capabilities.transactionConsistent) return;
    await store.promote(first);
    const { signal } = new AbortController();
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 1, 1)], live: true });
    const held = { owner: me, from: 1, to: 2, mutations: [account(2, 2, 2)], closed: false, live: true };
    expect(await apply(store, first, held)).toMatchObject({ durable: false });
    const mutations = [account(3, 3, 3), odd(4, 4), account(5, 5, 5)];
    const closing = { ...batch({ owner: me, from: 2, to: 3, mutations, live: true }), refusalLimit: 3 };
    expect(offsetsOf(await refused(store.apply(first, closing, signal)))).toEqual([4]);
    expect(Object.keys((await read('accounts')) ?? {})).toHaveLength(1);
    const rest = { ...closing, mutations: [account(3, 3, 3), account(5, 5, 5)] };
    expect(await store.apply(first, rest, signal)).toMatchObject({ durable: true });
    expect(await recordedNext(store, 1)).toBe(3);
    expect(Object.keys((await read('accounts')) ?? {})).toHaveLength(4);
  },

  'a batch that moves no offset is applied: what is tried again stands at a place already passed': async ({ open }) => {
    const store = await prepared(open);
    await apply(store, first, { owner: me, from: 0, to: 5, mutations: [account(1, 1, 1)] });
    await apply(store, first, { owner: me, from: 5, to: 5, mutations: [account(2, 2, 2)] });
    expect(await balances(store, first)).toEqual({ 'accounts/1': 1, 'accounts/2': 2 });
    expect(await recordedNext(store, 1)).toBe(5);
  },
} satisfies Record<string, Check>;
