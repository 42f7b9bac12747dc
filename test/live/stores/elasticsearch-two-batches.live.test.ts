import { Unavailable } from '../../../model/errors';
import { connect } from '../../../stores/elasticsearch/client';
import type { Store } from '../../../stores/store';
import {
  account,
  apply,
  balances,
  generation,
  lane,
  owner,
  recordedNext,
  withoutAccount,
} from '../../contract/fixture';
import { createTap } from '../../contract/tap';
import { withPlace, type Place } from './elasticsearch-fixture';
import { dataAfterOffsets, isRecord, onBulk, tapped, withoutWriteAlias, type Wire } from './elasticsearch-sabotage';

/** Two batches of a lane handed over at once: the record of the first is waited for, the documents of the second are not. */

const first = generation(1);
const me = { owner: owner(1000) };
/** The first batch writes accounts 1 and 2, the second removes 1 and writes 2 and 3. */
const earlier = { from: 0, to: 1, mutations: [account(1, 1, 0), account(2, 1, 1)] };
const later = { from: 1, to: 2, mutations: [withoutAccount(1, 2), account(2, 2, 3), account(3, 2, 4)] };
const whole = { 'accounts/2': 2, 'accounts/3': 2 };

type Outcome = Awaited<ReturnType<Store['apply']>> | Error;

const outcomeOf = (applying: ReturnType<Store['apply']>): Promise<Outcome> =>
  applying.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));

const handOver = (store: Store): readonly Promise<Outcome>[] =>
  [earlier, later].map((batch) => outcomeOf(apply(store, first, { ...me, ...batch })));

async function acquired(place: Place, wire?: Wire): Promise<Store> {
  const store = place.open(wire ? { wire } : {});
  await store.prepare(first);
  await store.acquire(first, lane, me.owner);
  return store;
}

test('while the record of one is on its way, documents of the next are written; its record waits', async () => {
  await withPlace(async (place) => {
    let records = 0;
    let letGo = () => {};
    const allowed = new Promise<void>((resolve) => (letGo = resolve));
    let [written, arrived] = [() => {}, () => {}];
    const ahead = new Promise<void>((resolve) => (written = resolve));
    const record = new Promise<void>((resolve) => (arrived = resolve));
    const wire = onBulk(async (call, through) => {
      if (isRecord(call) && call.lines?.toString().startsWith('{"index"')) {
        records += 1;
        arrived();
        if (records === 1) await allowed;
      }
      const answer = await through(call);
      if (call.lines?.includes('"accounts/3"')) written();
      return answer;
    });
    const store = await acquired(place, wire);
    const outcomes = handOver(store);
    await Promise.all([ahead, record]);
    expect(records).toBe(1);
    expect(await recordedNext(place.open(), 1)).toBe(0);
    letGo();
    expect(await Promise.all(outcomes)).toEqual([
      { durable: true, upserts: 2, deletes: 0, repeated: 0 },
      { durable: true, upserts: 2, deletes: 1, repeated: 0 },
    ]);
    expect(await recordedNext(place.open(), 1)).toBe(2);
    expect(await balances(store, first)).toEqual(whole);
  });
});

/** Of each number of requests that came through: what the record says, and what is there. */
async function cutEverywhere(wire: () => Wire): Promise<void> {
  for (const when of ['before', 'after'] as const) {
    let reached = true;
    for (let at = 1; reached; at += 1) {
      await withPlace(async (place) => {
        const tap = createTap();
        const dying = await acquired(place, tapped(wire(), tap.tap));
        tap.cut({ at, when });
        const outcomes = await Promise.all(handOver(dying));
        reached = tap.seen() >= at;
        const failed = outcomes.findIndex((outcome) => outcome instanceof Error);
        // When one fails so does the next: what was handed over behind it may not count without it.
        for (const outcome of failed < 0 ? [] : outcomes.slice(failed)) expect(outcome).toBeInstanceOf(Unavailable);
        const successor = place.open();
        const heir = owner(2000);
        const { next } = await successor.acquire(first, lane, heir);
        const record = Number(next['contract.positions']?.['0'] ?? 0);
        const there = await balances(successor, first);
        if (record >= 1) expect(there).toHaveProperty(['accounts/2']);
        if (record === 2) expect(there).toEqual(whole);
        for (const batch of [earlier, later].slice(record)) await apply(successor, first, { owner: heir, ...batch });
        expect(await balances(successor, first)).toEqual(whole);
        expect(await recordedNext(successor, 1)).toBe(2);
      });
    }
  }
}

test('cut at any request of the two, the record is never ahead, and the repetition ends where they would have', async () => {
  await cutEverywhere(() => connect);
});

test('control: with offsets before the data it is', async () => {
  await expect(cutEverywhere(dataAfterOffsets)).rejects.toThrow(/accounts/);
});

/** The lane is taken while a document of the second batch is on its way; its successor removes the row meanwhile. */
async function replacedBetween(wire: Wire): Promise<{ outcomes: readonly Outcome[]; there: object; next: number }> {
  let result = { outcomes: [] as readonly Outcome[], there: {}, next: 0 };
  await withPlace(async (place) => {
    const tap = createTap();
    const older = await acquired(place, tapped(wire, tap.tap));
    // The first request carries documents of the first batch, the second, beside it, the fresh one of the second.
    const hold = tap.hold(2);
    const outcomes = handOver(older);
    await hold.reached;
    await outcomes[0];
    const newer = place.open();
    const heir = owner(2000);
    const { next } = await newer.acquire(first, lane, heir);
    const from = Number(next['contract.positions']?.['0'] ?? 0);
    const clear = [1, 2, 3].map((id) => withoutAccount(id, 9));
    await apply(newer, first, { owner: heir, from, to: 5, mutations: clear });
    await place.ask(`/${place.index}-g1/_close`, { method: 'POST' });
    await place.ask(`/${place.index}-g1/_open?wait_for_active_shards=1`, { method: 'POST' });
    hold.letGo();
    result = {
      outcomes: await Promise.all(outcomes),
      there: await balances(newer, first),
      next: await recordedNext(newer, 1),
    };
  });
  return result;
}

test('an owner replaced between the two is refused in the second', async () => {
  const { outcomes, there, next } = await replacedBetween(connect);
  expect(outcomes[1]).toMatchObject({ name: 'Fenced' });
  expect(there).toEqual({});
  expect(next).toBe(5);
});

test('control: without the write alias its document comes back', async () => {
  expect((await replacedBetween(withoutWriteAlias)).there).toEqual({ 'accounts/3': 2 });
});
