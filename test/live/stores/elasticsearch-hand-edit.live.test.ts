import { connect } from '../../../stores/elasticsearch/client';
import { watchWriters, type WriterWatch } from '../../../stores/elasticsearch/foreign-writes';
import { account, apply, balances, expectBlocked, generation, lane, owner, recordedNext } from '../../contract/fixture';
import { withPlace, type Place } from './elasticsearch-fixture';

const first = generation(1);
const me = { owner: owner(1000) };

/** Somebody edits a document by hand, which raises its version by one; the row's next change has just that offset. */
async function edited(place: Place, watch: () => WriterWatch) {
  const store = place.open({ watchWriters: watch, wire: connect });
  await store.prepare(first);
  await store.acquire(first, lane, me.owner);
  await apply(store, first, { ...me, from: 0, to: 5, mutations: [account(1, 10, 4), account(2, 20, 3)] });
  const body = { _slipstream_id: 'accounts/1', id: 1, holder: 'by hand', balance: 99, vip: false };
  await place.ask(`/${place.index}-g1/_doc/accounts%2F1`, { method: 'PUT', body });
  const next = { ...me, from: 5, to: 6, mutations: [account(1, 11, 5), account(2, 21, 5)] };
  return { store, next };
}

test('a document that was edited by hand is noticed by the change it refuses, named, and not passed', async () => {
  await withPlace(async (place) => {
    const { store, next } = await edited(place, watchWriters);
    const { message } = await expectBlocked(apply(store, first, next), 'store-behind');
    expect(message).toMatch(/Someone else wrote .*accounts \(id = 1\)/);
    expect(message).not.toContain('by hand');
    expect(await recordedNext(place.open(), 1)).toBe(5);
    // `retry`: the operator goes on, and the row's next change makes the document right.
    await store.acquire(first, lane, owner(2000));
    await apply(store, first, { ...next, owner: owner(2000) });
    await apply(store, first, { owner: owner(2000), from: 6, to: 9, mutations: [account(1, 12, 8)] });
    expect(await balances(store, first)).toEqual({ 'accounts/1': 12, 'accounts/2': 21 });
  });
});

test('of two documents of one row, one refused and one written, the parked record is retried much later: no hand edit', async () => {
  await withPlace(async (place) => {
    const began = 1_700_000_000_000;
    const store = place.open({ watchWriters: () => watchWriters(() => began), wire: connect });
    await store.prepare(first);
    await store.acquire(first, lane, me.owner);
    const [one, other] = [account(1, 10, 4), account(2, 20, 4)];
    const wrong = { ...one, document: { ...one.document, balance: 'no number' } };
    await expect(apply(store, first, { ...me, from: 0, to: 5, mutations: [wrong, other] })).rejects.toThrow(
      /refuses it/,
    );
    // Set aside, with both of its documents; and the lane goes on, for longer than what an attempt wrote is in doubt.
    await apply(store, first, { ...me, from: 0, to: 5, mutations: [] });
    await apply(store, first, { ...me, from: 5, to: 600_006, mutations: [account(3, 30, 600_000)] });
    const retried = await apply(store, first, { ...me, from: 600_006, to: 600_006, mutations: [one, other] });
    expect(retried).toMatchObject({ durable: true, upserts: 1, repeated: 1 });
    expect(await balances(store, first)).toEqual({ 'accounts/1': 10, 'accounts/2': 20, 'accounts/3': 30 });
  });
});

test('control: unwatched, the change is lost without a word', async () => {
  await withPlace(async (place) => {
    const blind = () => ({ acquired: () => {}, begins: () => false, ended: () => {} });
    const { store, next } = await edited(place, blind);
    expect(await apply(store, first, next)).toMatchObject({ durable: true, repeated: 1 });
    expect(await balances(store, first)).toEqual({ 'accounts/1': 99, 'accounts/2': 21 });
  });
});
