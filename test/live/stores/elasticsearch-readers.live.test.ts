import { InvalidConfig } from '../../../model/errors';
import { account, apply, failure, generation, lane, line, owner } from '../../contract/fixture';
import { readIndex } from '../../support/index-contents';
import { testAddress } from '../../support/project';
import { withPlace } from './elasticsearch-fixture';

const first = generation(1);
const second = generation(2);
const me = owner(1000);

test("a stray write to the readers' name is refused from the first generation on, and makes no index", async () => {
  await withPlace(async (place) => {
    const store = place.open();
    const stray = () => place.status(`/${place.index}/_doc/stray`, { body: { balance: 1 } });
    await store.prepare(first);
    expect(await stray()).toBe(400);
    await store.promote(first);
    expect(await stray()).toBe(400);
    await store.prepare(second);
    expect(await stray()).toBe(400);
    expect([...(await readIndex(testAddress('elasticsearch'), place.index)).keys()]).toEqual([]);
  });
});

test("the readers' name stays taken when the generation that held it is dropped before it was ever read", async () => {
  await withPlace(async (place) => {
    const store = place.open();
    await store.prepare(first);
    await store.prepare(second);
    await store.drop(first);
    expect(await place.status(`/${place.index}/_doc/stray`, { body: { balance: 1 } })).toBe(400);
    expect((await store.inspect()).live).toBeNull();
    await store.promote(second);
    expect((await store.inspect()).live).toBe(2);
  });
});

test("a name that is an index, or somebody's alias, is refused with what to do", async () => {
  await withPlace(async (place) => {
    await place.ask(`/${place.index}`, { method: 'PUT', body: {} });
    const taken = await failure(place.open().prepare(first));
    expect(taken).toBeInstanceOf(InvalidConfig);
    expect(taken.message).toContain(place.index);
    await place.ask(`/${place.index}`, { method: 'DELETE' });
    await place.ask(`/${place.index}-theirs`, { method: 'PUT', body: { aliases: { [place.index]: {} } } });
    expect((await failure(place.open().prepare(first))).message).toContain(`${place.index}-theirs`);
  });
});

test('two stores cannot have one index: the second is refused, and sees no generation of the first', async () => {
  await withPlace(async (place) => {
    await place.open().prepare(first);
    const other = place.open({ store: 'other' });
    expect(await failure(other.prepare({ ...first, store: 'other' }))).toBeInstanceOf(InvalidConfig);
    expect(await other.inspect()).toEqual({ generations: [], live: null });
  });
});

test('readers find documents as they were written, no record of a lane, and what is new within the refresh interval', async () => {
  await withPlace(async (place) => {
    const store = place.open();
    const url = testAddress('elasticsearch');
    await store.prepare(first);
    await store.acquire(first, lane, me);
    const mutations = [account(1, 10, 0), line('7', 'green tea', 2, 0)];
    await apply(store, first, { owner: me, from: 0, to: 1, mutations });
    expect(await place.ask(`/${place.index}/_count`)).toMatchObject({ count: 0 });
    await store.promote(first);
    // Without a refresh of the reader's: `promote` did it before the switch.
    const found = (await place.ask(`/${place.index}/_search?q=product:tea`)) as {
      hits: { hits: { _id: string; _source: unknown }[] };
    };
    expect(found.hits.hits).toMatchObject([{ _id: 'lines/7/green tea', _source: mutations[1]?.document }]);
    expect([...(await readIndex(url, place.index)).keys()].sort()).toEqual(['accounts/1', 'lines/7/green tea']);
    const settings = (await place.ask(`/${place.index}-g1/_settings`)) as Record<
      string,
      { settings: { index: { refresh_interval: string } } }
    >;
    expect(settings[`${place.index}-g1`]?.settings.index.refresh_interval).toBe('1s');
  });
});

test('formats that outlive us: the record and what the index says of its generation', async () => {
  // A change here makes existing indexes unreadable: give the new form another `format` and read both.
  await withPlace(async (place) => {
    const store = place.open();
    await store.prepare(first);
    await store.acquire(first, lane, me);
    await apply(store, first, { owner: me, from: 0, to: 3 });
    const record = (await place.ask(`/${place.index}-g1/_doc/_slipstream%2Flane-0`)) as { _source: unknown };
    expect(record._source).toEqual({
      _slipstream: {
        format: 1,
        lane: 0,
        logId: 'log-a',
        mappingHash: 'hash-1',
        next: { 'contract.positions': { 0: '3' }, 'contract.public.accounts': { 0: '3', 1: '0' } },
        position: { lsn: '300', index: 0 },
        positionAt: 1_700_000_000_003,
      },
    });
    const mapping = (await place.ask(`/${place.index}-g1/_mapping`)) as Record<
      string,
      { mappings: { _meta: unknown } }
    >;
    expect(mapping[`${place.index}-g1`]?.mappings._meta).toEqual({
      format: 1,
      pipeline: 'contract',
      store: 'store',
      generation: 1,
      mappingHash: 'hash-1',
      logId: 'log-a',
      definition: {
        type: 'elasticsearch',
        url: { env: 'UNUSED' },
        index: place.index,
        tables: { 'public.accounts': {}, 'public.lines': {} },
      },
      // Missing in indexes from before tables were followed as they change: they are read as well.
      fields: { accounts: ['id', 'holder', 'balance', 'vip'], lines: ['order_id', 'product', 'quantity', 'price'] },
    });
  });
});
