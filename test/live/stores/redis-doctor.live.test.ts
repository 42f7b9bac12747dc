import { checkRedis } from '../../../stores/redis/check';
import { pipeline, storeName } from '../../contract/fixture';
import { testAddress } from '../../support/project';
import { withRedis } from '../../support/redis-contents';
import { openRedis } from './own-redis';
import { first, placeForEach } from './redis-fixture';

jest.setTimeout(120_000);

const place = placeForEach();

describe('doctor', () => {
  async function codes(url: string): Promise<readonly string[]> {
    const check = {
      pipeline,
      store: storeName,
      definition: place.definition(),
      url,
      tables: Promise.resolve(null),
    };
    const { findings } = await checkRedis(check, AbortSignal.timeout(60_000));
    for (const { what, cure } of findings) expect(`${what} ${cure}`).not.toContain('hush');
    return findings.map(({ code }) => code);
  }

  test('nothing to say of a server as the stack has it', async () => {
    expect(await codes(testAddress('redis'))).toEqual([]);
  });

  test('a server that is set up wrongly', async () => {
    const settings = { requirepass: 'secret', 'maxmemory-policy': 'allkeys-lru', appendonly: 'no' };
    const redis = await openRedis(settings);
    try {
      const { host } = new URL(redis.url);
      expect(await codes(redis.url)).toEqual(['store-login']);
      expect(await codes(`redis://:hush@${host}`)).toEqual(['store-login']);
      expect(await codes(`redis://:secret@${host}`)).toEqual(['store-evicts', 'store-forgets']);
      await withRedis(`redis://:secret@${host}`, async (client) => {
        await client.set(`{${place.key}}:generations`, 'a text');
        await client.call('ACL', 'SETUSER', 'poor', 'on', '>hush', '~*', '+info', '+auth');
      });
      expect(await codes(`redis://:secret@${host}`)).toContain('store-taken');
      expect(await codes(`redis://poor:hush@${host}`)).toEqual(['store-privilege']);
      await withRedis(`redis://:secret@${host}`, (client) => client.replicaof('127.0.0.1', 1));
      expect(await codes(`redis://:secret@${host}`)).toContain('store-read-only');
    } finally {
      await redis.close();
    }
  });

  test('a cluster, a url that is none, nobody there, and somebody else', async () => {
    const redis = await openRedis({ 'cluster-enabled': 'yes' });
    try {
      expect(await codes(redis.url)).toEqual(['store-cluster']);
    } finally {
      await redis.close();
    }
    expect(await codes('http://localhost:6379')).toEqual(['store-url']);
    expect(await codes('redis://127.0.0.1:1')).toEqual(['store-unreachable']);
    const [code] = await codes(testAddress('elasticsearch').replace('http:', 'redis:'));
    expect(['store-kind', 'store-unreachable']).toContain(code);
  });

  test('keys that belong to another store', async () => {
    await place.open().prepare(first);
    const other = { pipeline: 'other', store: 'cache', definition: place.definition(), url: testAddress('redis') };
    const { findings } = await checkRedis({ ...other, tables: Promise.resolve(null) }, AbortSignal.timeout(60_000));
    expect(findings.map(({ code }) => code)).toEqual(['store-taken']);
  });
});
