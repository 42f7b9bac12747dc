import { connect, type Connection } from '../../../stores/redis/client';
import { account, apply, balances, failure, recordedNext, withoutAccount } from '../../contract/fixture';
import { testAddress } from '../../support/project';
import { keysOf, readDocuments, withRedis } from '../../support/redis-contents';
import { first, me, placeForEach } from './redis-fixture';

jest.setTimeout(120_000);

const place = placeForEach();

describe('what a reader finds', () => {
  test('JSON as it was written, hashes without what is NULL, and nothing of a deleted row', async () => {
    for (const as of ['json', 'hash'] as const) {
      place.anew();
      const store = await place.begun({ definition: { as } });
      const mutations = [account(1, 10, 0, null), account(2, 20, 1)];
      await apply(store, first, { owner: me, from: 0, to: 2, mutations });
      await apply(store, first, { owner: me, from: 2, to: 3, mutations: [withoutAccount(2, 2)] });
      await store.promote(first);
      const found = await withRedis(testAddress('redis'), (client) => readDocuments(client, place.key));
      const body = as === 'json' ? account(1, 10, 0, null).document : { id: '1', balance: '10', vip: 'false' };
      expect(Object.fromEntries(found ?? [])).toEqual({ 'accounts/1': body });
    }
  });

  test('the pointer and the document in one call, as docs/redis.md has it', async () => {
    const store = await place.begun();
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 10, 0)] });
    await store.promote(first);
    const text = await withRedis(testAddress('redis'), (client) =>
      client.eval(
        `return redis.call('GET', ARGV[1] .. redis.call('GET', KEYS[1]) .. ':' .. ARGV[2])`,
        1,
        ...[`{${place.key}}:current`, `{${place.key}}:`, 'accounts/1'],
      ),
    );
    expect(JSON.parse(String(text))).toEqual(account(1, 10, 0).document);
  });

  test('a time to live is set anew by each change, and an expired document is not scanned', async () => {
    for (const as of ['json', 'hash'] as const) {
      place.anew();
      const store = await place.begun({ definition: { as, ttlSeconds: 1000 } });
      await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 10, 0), account(2, 10, 0)] });
      await withRedis(testAddress('redis'), async (client) => {
        const document = `{${place.key}}:1:accounts/1`;
        expect(await client.ttl(document)).toBeGreaterThan(900);
        await client.expire(document, 100);
        await apply(store, first, { owner: me, from: 1, to: 2, mutations: [account(1, 11, 1)] });
        expect(await client.ttl(document)).toBeGreaterThan(900);
        await client.pexpireat(`{${place.key}}:1:accounts/2`, 1);
      });
      expect(await balances(store, first)).toEqual({ 'accounts/1': 11 });
    }
  });

  test('dropping leaves nothing, also when whoever began it was killed in the middle', async () => {
    const many = Array.from({ length: 1200 }, (_, id) => account(id, 1, id));
    let sweeps = 0;
    const dying = (url: string): Connection => {
      const connection = connect(url);
      const run: Connection['run'] = async (script, call, signal) => {
        if (script.name === 'sweep' && (sweeps += 1) === 2) throw new Error('killed');
        return connection.run(script, call, signal);
      };
      return { ...connection, run };
    };
    const store = await place.begun({ connect: dying });
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: many });
    expect((await failure(store.drop(first))).message).toBe('killed');
    const other = place.open();
    expect(await other.inspect()).toEqual({ generations: [], live: null });
    const left = () => withRedis(testAddress('redis'), (client) => keysOf(client, `{${place.key}}:`));
    expect((await left()).length).toBeGreaterThan(600);
    // A generation of the same number must not find the old documents.
    await other.prepare(first);
    expect(await balances(other, first)).toEqual({});
    expect(await recordedNext(other, 1)).toBe(0);
    await other.drop(first);
    expect(await left()).toEqual([]);
  });

  test('what is kept of a generation and of its lane, as later versions have to read it', async () => {
    const store = await place.begun();
    await apply(store, first, { owner: me, from: 0, to: 2, mutations: [account(1, 10, 0)] });
    const [meta, record] = await withRedis(testAddress('redis'), async (client) => [
      await client.hget(`{${place.key}}:generations`, '1'),
      await client.hgetall(`{${place.key}}:lane:1:0`),
    ]);
    expect(JSON.parse(meta ?? '')).toEqual({
      ...{ format: 1, pipeline: 'contract', store: 'store', generation: 1, mappingHash: 'hash-1', logId: 'log-a' },
      definition: place.definition(),
      columns: {
        accounts: { id: 'int4', holder: 'text', balance: 'int4', vip: 'bool' },
        lines: { order_id: 'int8', product: 'text', quantity: 'int4', price: 'numeric' },
      },
    });
    expect(record).toEqual({
      format: '1',
      owner: '{"scheduledMs":1000,"runId":"run","activityId":"slice","attempt":1}',
      next: '{"contract.positions":{"0":"2"},"contract.public.accounts":{"0":"2","1":"0"}}',
      position: '{"lsn":"200","index":0}',
      positionAt: '1700000000002',
      ...{ logId: 'log-a', mappingHash: 'hash-1' },
    });
  });
});
