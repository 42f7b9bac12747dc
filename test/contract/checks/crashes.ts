import { Unavailable } from '../../../model/errors';
import {
  account,
  apply,
  balances,
  ContractBroken,
  generation,
  lane,
  line,
  owner,
  recordedNext,
  scanAll,
  withoutAccount,
} from '../fixture';
import type { Check } from '../check';
import { createTap, type Cut } from '../tap';

const first = generation(1);

/** More requests than any store needs for the small batches here: a store that needs more is not cut everywhere. */
const requestsAtMost = 40;

/** A batch of everything: it replaces account 1, removes account 2, adds a line, at versions of its own. */
const mixture = (round: number) => [
  account(1, round, round * 10),
  withoutAccount(2, round * 10 + 1),
  line('1', `tea ${round}`, round, round * 10 + 2),
];
/** What comes before it, so that account 2 is there to be removed. */
const ground = (round: number) => [account(1, -round, round * 10 - 2), account(2, -round, round * 10 - 1)];

/** Invariants 3, 4 and 8, at each single request of a batch. */
export const crashChecks = {
  'cut at any request, offsets are never ahead of the data, and the repetition ends where the batch would have':
    async ({ open }) => {
      await (await open()).prepare(first);
      let cuts = 0;
      for (const when of ['before', 'after'] as const) {
        for (let at = 1; at <= requestsAtMost; at += 1) {
          cuts += 1;
          const done = await cutAndRepeat({ open, round: cuts, cut: { at, when } });
          if (done) break;
          if (at === requestsAtMost) throw new Error(`A small batch takes more than ${requestsAtMost} requests.`);
        }
      }
      // At least one request was cut on each side of it, or the adapter does not use its tap.
      expect(cuts).toBeGreaterThanOrEqual(4);
    },

  'an owner replaced at any request of its batch changes nothing any more': async ({ open }) => {
    const tap = createTap();
    const [older, newer] = [await open(undefined, tap.tap), await open()];
    await older.prepare(first);
    let next = 0;
    for (let at = 1; at <= requestsAtMost; at += 1) {
      const me = owner(at * 1000);
      await older.acquire(first, lane, me);
      await apply(older, first, { owner: me, from: next, to: next + 1, mutations: ground(at) });
      const hold = tap.hold(at);
      const late = apply(older, first, { owner: me, from: next + 1, to: next + 2, mutations: mixture(at) }).then(
        () => null,
        (error: unknown) => error as Error,
      );
      const there = await Promise.race([hold.reached.then(() => true), late.then(() => false)]);
      if (!there) {
        expect(at).toBeGreaterThan(1); // the adapter uses its tap
        return;
      }
      const successor = owner(at * 1000 + 500);
      const { next: found } = await newer.acquire(first, lane, successor);
      const reached = Number(found['contract.positions']?.['0']);
      // It begins where the record says, repeats what the log has there, and goes on: the rows are gone again.
      const clear = [withoutAccount(1, at * 10 + 5), withoutAccount(2, at * 10 + 5)];
      await apply(newer, first, { owner: successor, from: reached, to: next + 3, mutations: clear });
      hold.letGo();
      const outcome = await late;
      if (outcome === null) throw new ContractBroken(`the batch held at request ${at} was taken from a replaced owner`);
      expect(await balances(newer, first)).toEqual({});
      next += 3;
      expect(await recordedNext(newer, 1)).toBe(next);
    }
  },

  'a late upsert does not undo a delete that the store has forgotten in a restart': async ({ open, restart }) => {
    const tap = createTap();
    const [older, newer] = [await open(undefined, tap.tap), await open()];
    await older.prepare(first);
    await older.acquire(first, lane, owner(1000));
    await apply(older, first, { owner: owner(1000), from: 0, to: 1, mutations: [account(2, 20, 0)] });
    const hold = tap.hold(1);
    const late = apply(older, first, { owner: owner(1000), from: 1, to: 5, mutations: [account(1, 10, 5)] }).then(
      () => null,
      (error: unknown) => error as Error,
    );
    await hold.reached;
    await newer.acquire(first, lane, owner(2000));
    await apply(newer, first, {
      owner: owner(2000),
      from: 1,
      to: 9,
      mutations: [account(3, 30, 6), withoutAccount(1, 8)],
    });
    await restart();
    hold.letGo();
    const outcome = await late;
    const after = await open();
    expect(await balances(after, first)).toEqual({ 'accounts/2': 20, 'accounts/3': 30 });
    expect(outcome).not.toBeNull();
    expect(await recordedNext(after, 1)).toBe(9);
    await after.acquire(first, lane, owner(3000));
    await apply(after, first, { owner: owner(3000), from: 9, to: 10, mutations: [account(1, 11, 9)] });
    expect(await balances(after, first)).toEqual({ 'accounts/1': 11, 'accounts/2': 20, 'accounts/3': 30 });
  },

  'a restart of the store loses nothing that it acknowledged': async ({ open, restart, read }) => {
    const store = await open();
    await store.prepare(first);
    await store.acquire(first, lane, owner(1000));
    await apply(store, first, {
      owner: owner(1000),
      from: 0,
      to: 3,
      mutations: [account(1, 10, 0), account(2, 20, 1)],
    });
    await store.promote(first);
    await restart();
    const after = await open();
    expect(await after.inspect()).toMatchObject({ generations: [{ number: 1 }], live: 1 });
    expect(await recordedNext(after, 1)).toBe(3);
    expect(Object.keys((await read('accounts')) ?? {})).toHaveLength(2);
    expect(await balances(after, first)).toEqual({ 'accounts/1': 10, 'accounts/2': 20 });
  },

  'where versions are compared, an older one changes nothing, also below a delete': async ({ open }) => {
    const store = await open();
    const { versions } = store.capabilities;
    await store.prepare(first);
    await store.acquire(first, lane, owner(1000));
    const me = { owner: owner(1000) };
    const base = [account(1, 10, 10), account(2, 20, 11)];
    await apply(store, first, { ...me, from: 0, to: 1, mutations: base });
    await apply(store, first, { ...me, from: 1, to: 2, mutations: [withoutAccount(2, 12)] });
    if (versions === 'none') {
      // Then nothing but the record tells a repetition, and it does so for the whole batch.
      expect(store.capabilities.offsetsWithData).toBe(true);
      return;
    }
    // Shares pass over what they have passed, wherever it comes from; a log never has the same place twice.
    if (versions === 'shares') return;
    // Another process has the lane now: what it writes may be a repetition.
    const other = await open();
    await other.acquire(first, lane, owner(2000));
    const older = [account(1, 5, 5), ...(versions === 'documents-and-deletes' ? [account(2, 5, 6)] : [])];
    const applied = await apply(other, first, { owner: owner(2000), from: 2, to: 3, mutations: older });
    expect(applied.repeated).toBe(older.length);
    expect(await balances(store, first)).toEqual({ 'accounts/1': 10 });
  },
} satisfies Record<string, Check>;

/** One batch that dies, and its successor. True when the batch was not cut: it has fewer requests. */
async function cutAndRepeat(input: {
  readonly open: Parameters<Check>[0]['open'];
  readonly round: number;
  readonly cut: Cut;
}): Promise<boolean> {
  const { open, round, cut } = input;
  const tap = createTap();
  const dying = await open(undefined, tap.tap);
  const me = owner(round * 1000);
  const { next } = await dying.acquire(first, lane, me);
  const from = Number(next['contract.positions']?.['0'] ?? 0);
  await apply(dying, first, { owner: me, from, to: from + 1, mutations: ground(round) });
  const before = await contents();
  tap.cut(cut);
  const outcome = await apply(dying, first, {
    owner: me,
    from: from + 1,
    to: from + 2,
    mutations: mixture(round),
  }).then(
    () => null,
    (error: unknown) => error as Error,
  );
  const wasCut = tap.seen() >= cut.at;
  tap.cut(null);
  const successor = await open();
  const successorOwner = owner(round * 1000 + 500);
  const accepted = await successor.acquire(first, lane, successorOwner);
  const reached = Number(accepted.next['contract.positions']?.['0']);
  const wanted = { 'accounts/1': round };
  if (outcome === null) expect(reached).toBe(from + 2);
  else expect(outcome).toBeInstanceOf(Unavailable);
  // Never ahead: what the record counts is there. Nor behind, where data and offsets are one transaction.
  if (reached === from + 2) expect(await contents()).toEqual(wanted);
  else if (successor.capabilities.offsetsWithData) expect(await contents()).toEqual(before);
  if (reached === from + 1) {
    await apply(successor, first, { owner: successorOwner, from: reached, to: from + 2, mutations: mixture(round) });
  }
  expect(await contents()).toEqual(wanted);
  expect(await scanAll(successor, first, 'lines')).toHaveLength(round);
  return !wasCut;

  async function contents(): Promise<Record<string, unknown>> {
    return balances(await open(), first);
  }
}
