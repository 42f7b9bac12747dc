import { Fenced, Unavailable } from '../../model/errors';
import { connectTo } from '../../stores/postgres/connection';
import type { PostgresParts } from '../../stores/postgres/store';
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
  withoutAccount,
} from './fixture';
import { schema } from './postgres-adapter';
import { breaking, oneByOne, through, withoutTransaction, type Cut } from './postgres-connections';
import { postgresStores } from './postgres-stores';
import { waitFor } from '../support/wait';

const first = generation(1);
const me = owner(1000);

const stores = postgresStores();
const open = (parts?: PostgresParts) => stores.open(parts ? { parts } : {});

/** begin, offsets, delete, two upserts, commit. */
const statements = 6;
const cuts: Cut[] = Array.from({ length: statements }, (_, index) => index + 1).flatMap((at) => [
  { at, when: 'before' } as const,
  { at, when: 'after' } as const,
]);

type Connections = ReturnType<typeof breaking>;

/** Invariants 3 and 8: whatever statement of a batch the connection dies at, the record tells what the tables hold. */
async function crashAt(cut: Cut, connections: Connections): Promise<{ reached: number; outcome: unknown }> {
  const store = open(connections.parts);
  await store.prepare(first);
  await store.acquire(first, lane, me);
  await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 1, 0)] });
  connections.arm(cut);
  const mutations = [withoutAccount(1, 1), account(2, 2, 2), line('1', 'tea', 1, 1)];
  const outcome = await apply(store, first, { owner: me, from: 1, to: 2, mutations }).then(
    (applied) => applied,
    (error: unknown) => error,
  );
  const successor = open();
  const { next } = await successor.acquire(first, lane, owner(2000));
  const reached = Number(next['contract.positions']?.['0']);
  expect(await balances(successor, first)).toEqual(reached === 2 ? { 'accounts/2': 2 } : { 'accounts/1': 1 });
  expect(await successor.scan(first, { target: 'lines', after: null }, 10)).toHaveLength(reached === 2 ? 1 : 0);
  return { reached, outcome };
}

const applied = { durable: true, upserts: 2, deletes: 1, repeated: 0 };

test('BEGIN that is refused on a connection that lives on: nothing of the batch is there', async () => {
  let refusing = false;
  const parts = through((connection, statement) =>
    // What cancels it here is the server's own error, as an operator's pg_cancel_backend would bring it.
    refusing && statement.text === 'begin'
      ? connection.query({ text: `do $$ begin raise 'cancelled' using errcode = 'query_canceled'; end $$` })
      : connection.query(statement),
  );
  const store = open(parts);
  await store.prepare(first);
  await store.acquire(first, lane, me);
  await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 1, 0)] });
  refusing = true;
  const outcome = await failure(apply(store, first, { owner: me, from: 1, to: 2, mutations: [account(2, 2, 2)] }));
  expect(outcome).toBeInstanceOf(Unavailable);
  const successor = open();
  const { next } = await successor.acquire(first, lane, owner(2000));
  expect(next['contract.positions']?.['0']).toBe('1');
  expect(await balances(successor, first)).toEqual({ 'accounts/1': 1 });
});

describe('the connection dies at any statement of a batch', () => {
  test.each(cuts)('cut $when statement $at, one by one: data and offsets agree', async (cut) => {
    const { reached, outcome } = await crashAt(cut, breaking(undefined, oneByOne));
    if (cut.at === statements && cut.when === 'after') {
      expect(reached).toBe(2);
      expect(outcome).toEqual(applied);
    } else {
      expect(reached).toBe(1);
      expect(outcome).toBeInstanceOf(Unavailable);
    }
  });

  test.each(cuts)('cut $when statement $at, those behind it sent already: data and offsets agree', async (cut) => {
    const { reached, outcome } = await crashAt(cut, breaking());
    // What was sent may have been carried out, also behind our back: then the record says so to the next one.
    if (outcome instanceof Unavailable) return;
    expect(reached).toBe(2);
    expect(outcome).toEqual(applied);
  });

  test('a batch is as many statements as the cuts above reach', async () => {
    const connections = breaking();
    const store = open(connections.parts);
    await store.prepare(first);
    await store.acquire(first, lane, me);
    connections.arm(null);
    const mutations = [withoutAccount(1, 1), account(2, 2, 2), line('1', 'tea', 1, 1)];
    await apply(store, first, { owner: me, from: 0, to: 2, mutations });
    expect(connections.seen()).toBe(statements);
  });

  test('control: without the transaction data and offsets differ', async () => {
    await expect(crashAt({ at: 2, when: 'after' }, breaking(withoutTransaction))).rejects.toHaveProperty(
      'matcherResult',
    );
  });
});

test('a batch is sent to its commit while nothing but its BEGIN is answered', async () => {
  const sent: string[] = [];
  let holding = false;
  let letGo = () => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const store = open(
    through(async (connection, statement) => {
      sent.push(statement.text);
      const answer = connection.query(statement);
      if (holding && statement.text !== 'begin') await held;
      return answer;
    }),
  );
  await store.prepare(first);
  await store.acquire(first, lane, me);
  [holding, sent.length] = [true, 0];
  const applying = apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 1, 0)] });
  const look = () => Promise.resolve(sent);
  await waitFor({ what: 'the commit', seconds: 10, look, until: (texts) => texts.includes('commit') });
  letGo();
  expect(await applying).toEqual({ durable: true, upserts: 1, deletes: 0, repeated: 0 });
});

describe('lost answers and lost connections', () => {
  test('a commit whose answer is lost counts as applied, once', async () => {
    const connections = breaking();
    const store = open(connections.parts);
    await store.prepare(first);
    await store.acquire(first, lane, me);
    connections.arm({ at: 4, when: 'after' }); // begin, offsets, upsert, commit
    const options = { owner: me, from: 0, to: 1, mutations: [account(1, 1, 0)] };
    expect(await apply(store, first, options)).toEqual({ durable: true, upserts: 1, deletes: 0, repeated: 0 });
    expect(await apply(store, first, options)).toEqual({ durable: true, upserts: 0, deletes: 0, repeated: 1 });
    await apply(store, first, { owner: me, from: 1, to: 2, mutations: [account(1, 2, 1)] });
    expect(await balances(store, first)).toEqual({ 'accounts/1': 2 });
  });

  test('a lost answer to a commit is "fenced" only when the record says so', async () => {
    const [connections, successor] = [breaking(), open()];
    const store = open(connections.parts);
    await store.prepare(first);
    await store.acquire(first, lane, me);
    await successor.acquire(first, lane, owner(2000));
    connections.arm({ at: 1, when: 'before' });
    const late = apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 1, 0)] });
    expect(await failure(late)).toBeInstanceOf(Fenced);
  });

  test('held batches that went with their connection are asked for again, not called a gap', async () => {
    const connections = breaking();
    const store = open(connections.parts);
    await store.prepare(first);
    await store.acquire(first, lane, me);
    const live = { owner: me, live: true } as const;
    await apply(store, first, { ...live, from: 0, to: 1, mutations: [account(1, 1, 0)], closed: false });
    connections.arm({ at: 1, when: 'before' });
    const second = { ...live, from: 1, to: 2, mutations: [account(2, 2, 1)] };
    expect(await failure(apply(store, first, second))).toBeInstanceOf(Unavailable);
    expect(await failure(apply(store, first, second))).toBeInstanceOf(Unavailable);
    expect((await store.acquire(first, lane, owner(1001))).next).toEqual({});
    const whole = { owner: owner(1001), from: 0, to: 2, mutations: [account(1, 1, 0), account(2, 2, 1)], live: true };
    expect(await apply(store, first, whole)).toMatchObject({ durable: true });
  });

  test('a server that ends all connections is come back to', async () => {
    const store = open();
    await store.prepare(first);
    await store.acquire(first, lane, me);
    await stores.client.query(
      `select pg_terminate_backend(pid, 60000) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()`,
    );
    const options = { owner: me, from: 0, to: 1, mutations: [account(1, 1, 0)] };
    // Whether the first try meets the dead connection depends on when its end was noticed.
    const error = await apply(store, first, options).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (error !== null) {
      expect(error).toBeInstanceOf(Unavailable);
      await apply(store, first, options);
    }
    expect(await recordedNext(store, 1)).toBe(1);
  });

  test('a lane whose record a stranger locks is unavailable, not taken', async () => {
    const store = open();
    await store.prepare(first);
    await stores.client.query('begin');
    await stores.client.query(`select * from ${schema}_g1._slipstream for update`);
    expect(await failure(store.acquire(first, lane, me))).toBeInstanceOf(Unavailable);
    await stores.client.query('rollback');
    expect((await store.acquire(first, lane, me)).next).toEqual({});
  });
});

describe('cancelling', () => {
  test('a batch cancelled while the server works on it moves nothing, and the lane goes on', async () => {
    const cancel = new AbortController();
    const store = open(
      through(async (connection, statement) => {
        if (!cancel.signal.aborted && statement.name?.startsWith('slipstream_upsert') === true) {
          const answer = connection.query(statement);
          cancel.abort(new Error('cancelled by the test'));
          return answer;
        }
        return connection.query(statement);
      }),
    );
    await store.prepare(first);
    await store.acquire(first, lane, me);
    const many = Array.from({ length: 3000 }, (_, id) => account(id, 1, id));
    const cancelled = store.apply(first, batch({ owner: me, from: 0, to: 1, mutations: many }), cancel.signal);
    expect((await failure(cancelled)).message).toBe('cancelled by the test');
    expect((await store.acquire(first, lane, owner(1001))).next).toEqual({});
    await apply(store, first, { owner: owner(1001), from: 0, to: 1, mutations: [account(1, 1, 0)] });
    expect(await balances(store, first)).toEqual({ 'accounts/1': 1 });
  });
});

test('a connection is of no more use once the server has said that it ends it', async () => {
  const connection = await connectTo({ url: stores.url, applicationName: 'ended by the server' });
  const ended = await failure(connection.query({ text: 'select pg_terminate_backend(pg_backend_pid())' }));
  expect(ended).toMatchObject({ code: '57P01' });
  expect(connection.usable).toBe(false);
});
