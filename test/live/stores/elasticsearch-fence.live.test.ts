import { Fenced, Unavailable } from '../../../model/errors';
import { connect } from '../../../stores/elasticsearch/client';
import { Refused } from '../../../stores/refused';
import {
  account,
  apply,
  balances,
  expectFenced,
  failure,
  generation,
  lane,
  offsets,
  owner,
  recordedNext,
  withoutAccount,
} from '../../contract/fixture';
import { withPlace, type Place } from './elasticsearch-fixture';
import { isRecord, onBulk, withoutWriteAlias, type Wire } from './elasticsearch-sabotage';

const first = generation(1);

/**
 * An owner's upsert of offset 5 is on its way while its successor deletes the row at offset 9; then Elasticsearch
 * forgets the delete's version, as it does when it restarts: closing and opening an index starts its shards anew.
 */
async function lateUpsertOverForgottenDelete(place: Place, wire: Wire): Promise<Record<string, unknown>> {
  const [older, newer] = [place.open({ wire }), place.open()];
  await older.prepare(first);
  await older.acquire(first, lane, owner(1000));
  await apply(older, first, { owner: owner(1000), from: 0, to: 1, mutations: [account(2, 20, 1)] });
  await newer.acquire(first, lane, owner(2000));
  await apply(newer, first, { owner: owner(2000), from: 1, to: 9, mutations: [withoutAccount(1, 9)] });
  await place.ask(`/${place.index}-g1/_close`, { method: 'POST' });
  await place.ask(`/${place.index}-g1/_open?wait_for_active_shards=1`, { method: 'POST' });
  await apply(older, first, { owner: owner(1000), from: 1, to: 5, mutations: [account(1, 10, 5)] }).catch(() => null);
  return balances(newer, first);
}

test('a late upsert is refused when Elasticsearch has forgotten the delete it comes after', async () => {
  await withPlace(async (place) => {
    expect(await lateUpsertOverForgottenDelete(place, connect)).toEqual({ 'accounts/2': 20 });
    expect(await recordedNext(place.open(), 1)).toBe(9);
  });
});

test('control: without the write alias it brings the row back', async () => {
  await withPlace(async (place) => {
    expect(await lateUpsertOverForgottenDelete(place, withoutWriteAlias)).toEqual({
      'accounts/1': 10,
      'accounts/2': 20,
    });
  });
});

test('a replaced owner whose batch holds nothing that could be stored is told that it was replaced', async () => {
  await withPlace(async (place) => {
    const [older, newer] = [place.open(), place.open()];
    await older.prepare(first);
    await older.acquire(first, lane, owner(1000));
    const overlong = { ...account(1, 10, 1), id: `accounts/${'k'.repeat(600)}` };
    const next = { owner: owner(1000), from: 1, to: 2, mutations: [overlong] };
    await apply(older, first, { owner: owner(1000), from: 0, to: 1, mutations: [account(2, 20, 0)] });
    expect(await failure(apply(older, first, next))).toBeInstanceOf(Refused);
    // What it remembers of the lane is from before it was replaced.
    await older.acquire(first, lane, owner(1000));
    await newer.acquire(first, lane, owner(2000));
    await expectFenced(apply(older, first, next));
  });
});

test('of many that take the lane at once one has it, and it is the only one whose batch is held', async () => {
  await withPlace(async (place) => {
    const stores = Array.from({ length: 8 }, () => place.open());
    await stores[0]?.prepare(first);
    const outcomes = await Promise.allSettled(
      stores.map(async (store, at) => {
        const me = owner(1000 + at);
        const { next } = await store.acquire(first, lane, me);
        const from = Number(next['contract.positions']?.['0'] ?? 0);
        await apply(store, first, { owner: me, from, to: from + 1, mutations: [account(at, at, 0)] });
      }),
    );
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));
    for (const error of refusals) expect([Fenced.name, Unavailable.name]).toContain(error.name);
    expect(await recordedNext(place.open(), 1)).toBe(stores.length - refusals.length);
    const aliases = (await place.ask(`/${place.index}-g1/_alias`)) as Record<string, { aliases: object }>;
    const writers = Object.keys(aliases[`${place.index}-g1`]?.aliases ?? {}).filter((name) => name.includes('-lane0-'));
    expect(writers).toHaveLength(1);
    await place.open().acquire(first, lane, owner(5000));
    for (const store of stores) await expectFenced(store.acquire(first, lane, owner(4000)));
  });
});

test('a killed owner leaves documents without offsets: its successor repeats them, and counts them as repeated', async () => {
  await withPlace(async (place) => {
    const dies = onBulk((call, through) => {
      if (isRecord(call) && call.lines?.toString().startsWith('{"index"')) throw new Unavailable('killed here');
      return through(call);
    });
    const [dead, successor] = [place.open({ wire: dies }), place.open()];
    const mutations = Array.from({ length: 1200 }, (_, id) => account(id, id, id));
    await dead.prepare(first);
    await dead.acquire(first, lane, owner(1000));
    await failure(apply(dead, first, { owner: owner(1000), from: 0, to: 5, mutations }));
    expect(await recordedNext(successor, 1)).toBe(0);
    expect((await successor.acquire(first, lane, owner(2000))).next).toEqual({});
    const applied = await apply(successor, first, { owner: owner(2000), from: 0, to: 5, mutations });
    expect(applied).toEqual({ durable: true, upserts: 0, deletes: 0, repeated: 1200 });
    expect(Object.keys(await balances(successor, first))).toHaveLength(1200);
  });
});

test('a lost answer to the record is found out, and the batch is not applied twice', async () => {
  await withPlace(async (place) => {
    let lose = true;
    const loses = onBulk(async (call, through) => {
      const answer = await through(call);
      if (!isRecord(call) || !call.lines?.toString().startsWith('{"index"') || !lose) return answer;
      lose = false;
      throw new Unavailable('the answer is lost');
    });
    const store = place.open({ wire: loses });
    await store.prepare(first);
    await store.acquire(first, lane, owner(1000));
    const batch = { owner: owner(1000), from: 0, to: 1, mutations: [account(1, 10, 0)] };
    expect(await failure(apply(store, first, batch))).toBeInstanceOf(Unavailable);
    expect(await apply(store, first, batch)).toEqual({ durable: true, upserts: 0, deletes: 0, repeated: 1 });
    await apply(store, first, { owner: owner(1000), from: 1, to: 2, mutations: [account(1, 11, 1)] });
    expect(await balances(store, first)).toEqual({ 'accounts/1': 11 });
  });
});

test("the previous owner's record that arrives after the lane changed hands stops nobody for good", async () => {
  await withPlace(async (place) => {
    let arrive: () => Promise<unknown> = () => Promise.reject(new Error('no record was sent'));
    // A record that passed the alias before the swap and reaches the shard after it.
    const slow = onBulk((call, through) => {
      if (!isRecord(call) || !call.lines?.toString().startsWith('{"index"')) return through(call);
      arrive = () => through({ ...call, path: [`${place.index}-g1`, '_bulk'], query: {} });
      throw new Unavailable('on its way');
    });
    const [older, newer] = [place.open({ wire: slow }), place.open()];
    const batch = { from: 0, to: 1, mutations: [account(1, 10, 0)] };
    await older.prepare(first);
    await older.acquire(first, lane, owner(1000));
    await failure(apply(older, first, { ...batch, owner: owner(1000) }));
    expect((await newer.acquire(first, lane, owner(2000))).next).toEqual({});
    await arrive();
    const both = { owner: owner(2000), from: 0, to: 2, mutations: [account(1, 11, 1)] };
    expect(await failure(apply(newer, first, both))).toBeInstanceOf(Unavailable);
    expect((await newer.acquire(first, lane, owner(3000))).next).toEqual(offsets(1));
    await apply(newer, first, { ...both, owner: owner(3000), from: 1 });
    expect(await balances(newer, first)).toEqual({ 'accounts/1': 11 });
  });
});

test('nothing is written to an index that was deleted behind our back, and none is made', async () => {
  await withPlace(async (place) => {
    const store = place.open();
    await store.prepare(first);
    await store.acquire(first, lane, owner(1000));
    await place.ask(`/${place.index}-g1`, { method: 'DELETE' });
    const error = await failure(
      apply(store, first, { owner: owner(1000), from: 0, to: 1, mutations: [account(1, 1, 0)] }),
    );
    expect(error).toMatchObject({ name: 'Blocked', reason: 'store-behind' });
    expect(await place.ask(`/${place.index}*/_alias?expand_wildcards=all`)).toEqual({});
  });
});
