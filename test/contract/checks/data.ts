import {
  account,
  apply,
  balances,
  batch,
  expectBlocked,
  failure,
  generation,
  lane,
  line,
  mutation,
  offsets,
  owner,
  recordedNext,
  scanAll,
  withoutAccount,
} from '../fixture';
import type { Check } from '../check';

const first = generation(1);
const me = owner(1000);

/** Invariants 3 and 5: what is written, what is refused, and when the offsets move. */
export const dataChecks = {
  'a batch is applied and its offsets with it': async ({ open }) => {
    const store = await open();
    await store.prepare(first);
    await store.acquire(first, lane, me);
    const mutations = [account(1, 10, 0), account(2, 20, 1), line('9007199254740993', 'tea', 3, 0)];
    const applied = await apply(store, first, { owner: me, from: 0, to: 2, mutations });
    expect(applied).toEqual({ durable: true, upserts: 3, deletes: 0, repeated: 0 });
    const next = [account(1, 11, 2), withoutAccount(2, 3), line('9007199254740993', 'tea', 4, 1)];
    const again = await apply(store, first, { owner: me, from: 2, to: 4, mutations: next });
    expect(again).toEqual({ durable: true, upserts: 2, deletes: 1, repeated: 0 });
    expect(await balances(store, first)).toEqual({ 'accounts/1': 11 });
    expect(await scanAll(store, first, 'lines')).toEqual([
      {
        id: 'lines/9007199254740993/tea',
        target: 'lines',
        body: { order_id: '9007199254740993', product: 'tea', quantity: 4, price: '12.50' },
      },
    ]);
    expect(await recordedNext(store, 1)).toBe(4);
  },

  'offsets move without any mutation': async ({ open }) => {
    const store = await open();
    await store.prepare(first);
    await store.acquire(first, lane, me);
    await apply(store, first, { owner: me, from: 0, to: 7 });
    const { generations } = await store.inspect();
    expect(generations[0]).toMatchObject({ next: offsets(7), position: { lsn: '700', index: 0 } });
    expect(generations[0]?.positionAt).toBe(1_700_000_000_007);
  },

  'values come back as they went in': async ({ open }) => {
    const store = await open();
    await store.prepare(first);
    await store.acquire(first, lane, me);
    const holders = [
      '',
      'NULL',
      'null',
      '"quoted"',
      'back\\slash',
      '{braces,comma}',
      "it's",
      'ünï ☃ 𝄞',
      'a\nb\tc',
      ' ',
      null,
    ];
    const keys = ['plain', 'with/slash', 'with%percent', '%2F', 'with"quote', 'back\\slash', '{x}', 'ü', ','];
    const mutations = [
      ...holders.map((holder, id) => account(id, id, id, holder)),
      mutation('accounts', { id: -5 }, { id: -5, holder: null, balance: null, vip: null }, 100),
      ...keys.map((product, index) => line('1', product, index, index)),
    ];
    await apply(store, first, { owner: me, from: 0, to: 200, mutations });
    const found = [...(await scanAll(store, first, 'accounts')), ...(await scanAll(store, first, 'lines'))];
    expect(Object.fromEntries(found.map(({ id, body }) => [id, body]))).toEqual(
      Object.fromEntries(mutations.map(({ id, document }) => [id, document])),
    );
    const deletes = mutations.map((each) => ({ ...each, document: null, version: String(Number(each.version) + 200) }));
    await apply(store, first, { owner: me, from: 200, to: 400, mutations: deletes });
    expect([...(await scanAll(store, first, 'accounts')), ...(await scanAll(store, first, 'lines'))]).toEqual([]);
  },

  'a batch larger than one statement is applied whole': async ({ open }) => {
    const store = await open();
    await store.prepare(first);
    await store.acquire(first, lane, me);
    const many = Array.from({ length: 5001 }, (_, id) => account(id, id, id));
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: many });
    expect(await scanAll(store, first, 'accounts')).toHaveLength(5001);
    const later = many.map((each) => ({ ...each, version: String(Number(each.version) + 5001) }));
    const mixed = later.map((each, index) => (index % 2 === 0 ? { ...each, document: null } : each));
    const applied = await apply(store, first, { owner: me, from: 1, to: 2, mutations: mixed });
    expect(applied).toMatchObject({ upserts: 2500, deletes: 2501 });
    expect(await scanAll(store, first, 'accounts')).toHaveLength(2500);
  },

  'a refused record fails the batch, moves no offset and is named by its offset': async ({ open }) => {
    const store = await open();
    await store.prepare(first);
    await store.acquire(first, lane, me);
    const good = Array.from({ length: 50 }, (_, id) => account(id, id, id));
    const mutations = [...good, account(77, 'not-a-number', 4711), ...good.map((each) => line('1', each.id, 1, 1))];
    const error = await expectBlocked(apply(store, first, { owner: me, from: 0, to: 60, mutations }), 'unstorable');
    expect(error.message).toContain('accounts');
    expect(error.message).toContain('4711');
    expect(error.message).not.toContain('not-a-number');
    expect(await recordedNext(store, 1)).toBe(0);
    const { next } = await store.acquire(first, lane, owner(2000));
    expect(next).toEqual({});
    await apply(store, first, { owner: owner(2000), from: 0, to: 60, mutations: good });
    expect(Object.keys(await balances(store, first))).toHaveLength(50);
    expect(await recordedNext(store, 1)).toBe(60);
  },

  'a batch of a refused record leaves nothing behind where offsets travel with data': async ({ open }) => {
    const store = await open();
    if (!store.capabilities.offsetsWithData) return;
    await store.prepare(first);
    await store.acquire(first, lane, me);
    const mutations = [line('1', 'tea', 1, 0), account(1, 1, 0), account(2, 'not-a-number', 1)];
    await expectBlocked(apply(store, first, { owner: me, from: 0, to: 2, mutations }), 'unstorable');
    expect([...(await scanAll(store, first, 'accounts')), ...(await scanAll(store, first, 'lines'))]).toEqual([]);
  },

  'a cancelled batch rejects and moves no offset': async ({ open }) => {
    const store = await open();
    await store.prepare(first);
    await store.acquire(first, lane, me);
    const cancelled = AbortSignal.abort(new Error('cancelled'));
    await failure(store.apply(first, batch({ owner: me, from: 0, to: 1, mutations: [account(1, 1, 0)] }), cancelled));
    expect(await recordedNext(store, 1)).toBe(0);
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 1, 0)] });
    expect(await balances(store, first)).toEqual({ 'accounts/1': 1 });
  },

  'offsets are never ahead of the data': async ({ open }) => {
    const [writer, watcher] = [await open(), await open()];
    await writer.prepare(first);
    await writer.acquire(first, lane, me);
    let writing = true;
    const written = (async () => {
      for (let at = 0; at < 30; at += 1) {
        const mutations = Array.from({ length: 40 }, (_, index) => account(at * 40 + index, at, at));
        await apply(writer, first, { owner: me, from: at, to: at + 1, mutations });
      }
    })().finally(() => (writing = false));
    try {
      while (writing) {
        const next = await recordedNext(watcher, 1);
        const held = (await scanAll(watcher, first, 'accounts')).length;
        expect(held).toBeGreaterThanOrEqual(next * 40);
      }
    } finally {
      await written;
    }
    expect(await recordedNext(watcher, 1)).toBe(30);
    expect(await scanAll(watcher, first, 'accounts')).toHaveLength(1200);
  },

  'scan finds every document once, in order, across pages': async ({ open }) => {
    const store = await open();
    await store.prepare(first);
    await store.acquire(first, lane, me);
    const lines = Array.from({ length: 100 }, (_, index) => line(String(index % 7), `p/${index}`, index, index));
    const accounts = Array.from({ length: 30 }, (_, id) => account(id, id, id));
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [...lines, ...accounts] });
    const whole = (await store.scan(first, { target: 'lines', after: null }, 1000)).map(({ id }) => id);
    expect([...whole].sort()).toEqual(lines.map(({ id }) => id).sort());
    for (const limit of [1, 7, 100]) {
      expect((await scanAll(store, first, 'lines', limit)).map(({ id }) => id)).toEqual(whole);
    }
    expect(await scanAll(store, first, 'accounts', 7)).toHaveLength(30);
  },
} satisfies Record<string, Check>;
