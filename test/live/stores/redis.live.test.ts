import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkAcceptance } from '../../../activities/acceptance';
import type { StoreDefinition } from '../../../model/pipeline';
import { checkRedis } from '../../../stores/redis/check';
import { connect, type Connection } from '../../../stores/redis/client';
import { openRedisStore, type RedisParts } from '../../../stores/redis/store';
import type { Store } from '../../../stores/store';
import {
  account,
  apply,
  balances,
  catalogue,
  expectBlocked,
  expectFenced,
  failure,
  generation,
  lane,
  offsets,
  owner,
  recordedNext,
  tables,
  withoutAccount,
} from '../../contract/fixture';
import { testAddress } from '../../support/project';
import { keysOf, readDocuments, withRedis } from '../../support/redis-contents';
import { openRedis, type OwnRedis } from './own-redis';
import { offsetsThenData, takesFromAnyone } from './redis-sabotage';

jest.setTimeout(120_000);

const first = generation(1);
const me = owner(1000);
type RedisDefinition = Extract<StoreDefinition, { type: 'redis' }>;

interface Opening extends Partial<RedisParts> {
  readonly definition?: Partial<RedisDefinition>;
  readonly url?: string;
}

let key: string;
let opened: Store[];
beforeEach(() => {
  key = `live-${randomBytes(6).toString('hex')}`;
  opened = [];
});
afterEach(async () => {
  for (const store of opened) await store.close();
  await withRedis(testAddress('redis'), async (client) => {
    const keys = await keysOf(client, `{${key}}:`);
    if (keys.length > 0) await client.unlink(keys);
  });
});

const definitionOf = (over: Partial<RedisDefinition> = {}): RedisDefinition => ({
  ...({ type: 'redis', url: { env: 'CACHE_URL' }, key, as: 'json', tables } as const),
  ...over,
});

function open({ definition, url = testAddress('redis'), ...parts }: Opening = {}): Store {
  const context = { pipeline: 'contract', store: 'store', url, catalogue: async () => catalogue };
  const store = openRedisStore({ ...context, definition: definitionOf(definition) }, parts);
  opened.push(store);
  return store;
}

async function begun(opening?: Opening): Promise<Store> {
  const store = open(opening);
  await store.prepare(first);
  await store.acquire(first, lane, me);
  return store;
}

describe('a server that dies', () => {
  let redis: OwnRedis;
  beforeAll(async () => {
    redis = await openRedis();
  });
  afterAll(() => redis.close());

  /** Batch n sets every account to n; the server is killed behind one of them, wherever that is. */
  async function killedWhileWriting(
    parts: Partial<RedisParts> = {},
  ): Promise<{ next: number; held: readonly unknown[] }> {
    const store = await begun({ ...parts, url: redis.url });
    const ids = Array.from({ length: 200 }, (_, id) => id);
    let at = 0;
    let written: () => void = () => undefined;
    const several = new Promise<void>((resolve) => (written = resolve));
    const writing = (async () => {
      for (;;) {
        await apply(store, first, {
          owner: me,
          from: at,
          to: at + 1,
          mutations: ids.map((id) => account(id, at + 1, at)),
        });
        at += 1;
        if (at === 20) written();
      }
    })();
    const ended = failure(writing);
    await Promise.race([several, ended]);
    await redis.server.kill();
    await ended;
    await redis.server.start();
    const after = open({ url: redis.url });
    const { next } = await after.acquire(first, lane, owner(2000));
    const held = [...new Set(Object.values(await balances(after, first)))];
    expect(Number(next['contract.positions']?.['0'])).toBeGreaterThanOrEqual(at);
    return { next: Number(next['contract.positions']?.['0']), held };
  }

  test('data and offsets agree after a kill -9 in the middle of writing, and what was answered is there', async () => {
    for (let round = 0; round < 3; round += 1) {
      key = `live-${randomBytes(6).toString('hex')}`;
      const { next, held } = await killedWhileWriting();
      expect(held).toEqual([next]);
    }
  });

  test('control: by two scripts they differ', async () => {
    // The server dies between the two of batch 20.
    let passing = 0;
    const pass = async () => {
      passing += 1;
      if (passing === 20) await redis.server.kill();
    };
    const { next, held } = await killedWhileWriting({ connect: offsetsThenData(pass) });
    expect(held).not.toEqual([next]);
  });

  test('a frozen server is unavailable, and a batch it did not answer is no gap afterwards', async () => {
    const store = await begun({ url: redis.url, connect: (url) => connect(url, 300) });
    redis.server.pause();
    const batch = { owner: me, from: 0, to: 1, mutations: [account(1, 1, 0)] };
    expect((await failure(apply(store, first, batch))).name).toBe('Unavailable');
    redis.server.resume();
    const successor = open({ url: redis.url });
    const { next } = await successor.acquire(first, lane, owner(2000));
    const reached = Number(next['contract.positions']?.['0'] ?? 0);
    expect(await balances(successor, first)).toEqual(reached === 1 ? { 'accounts/1': 1 } : {});
  });

  test('a server without its data has no generation: blocked, never begun anew', async () => {
    const store = await begun({ url: redis.url });
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 1, 0)] });
    await redis.server.stop();
    rmSync(join(redis.folder, 'appendonlydir'), { recursive: true });
    await redis.server.start();
    await expectBlocked(open({ url: redis.url }).acquire(first, lane, owner(2000)), 'store-behind');
  });

  test('a server that comes back at an earlier state of data and offsets is gone on from', async () => {
    const store = await begun({ url: redis.url });
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 1, 0)] });
    // What a power cut leaves of an append-only file that was not on the disk yet: a beginning of it.
    const before = await withRedis(redis.url, async (client) => {
      const keys = await keysOf(client, `{${key}}:`);
      return Promise.all(keys.map(async (each) => [each, await client.dumpBuffer(each)] as const));
    });
    await apply(store, first, { owner: me, from: 1, to: 2, mutations: [account(1, 2, 1), account(2, 2, 1)] });
    await withRedis(redis.url, async (client) => {
      await client.unlink(await keysOf(client, `{${key}}:`));
      for (const [each, dump] of before) await client.restore(each, 0, dump);
    });
    const successor = open({ url: redis.url });
    const acceptance = await successor.acquire(first, lane, owner(2000));
    const { durability } = successor.capabilities;
    checkAcceptance({ generation: first, remembered: offsets(2), acceptance, durability });
    expect(acceptance.next).toEqual(offsets(1));
    const again = { owner: owner(2000), from: 1, to: 2, mutations: [account(1, 2, 1), account(2, 2, 1)] };
    await apply(successor, first, again);
    expect(await balances(successor, first)).toEqual({ 'accounts/1': 2, 'accounts/2': 2 });
  });
});

describe('two that take a lane at once', () => {
  /** The second comes between the first one's look and its take-over. */
  async function interleaved(parts: Partial<RedisParts> = {}): Promise<{ first: Promise<unknown>; second: Store }> {
    await open().prepare(first);
    const second = open();
    const between = (url: string): Connection => {
      const connection = connect(url);
      return {
        ...connection,
        async run(script, call, signal) {
          if (script.name === 'acquire') await second.acquire(first, lane, owner(3000));
          return connection.run(script, call, signal);
        },
      };
    };
    return { first: open({ ...parts, connect: between }).acquire(first, lane, owner(2000)), second };
  }

  test('one gets it, and it is the one that wrote first', async () => {
    const { first: late, second } = await interleaved();
    await expectFenced(late);
    await apply(second, first, { owner: owner(3000), from: 0, to: 1, mutations: [account(1, 1, 0)] });
  });

  test('control: without the compare the older one takes it from the newer', async () => {
    const { first: late, second } = await interleaved({ scripts: takesFromAnyone });
    await late;
    await expectFenced(apply(second, first, { owner: owner(3000), from: 0, to: 1, mutations: [account(1, 1, 0)] }));
  });
});

describe('what a reader finds', () => {
  test('JSON as it was written, hashes without what is NULL, and nothing of a deleted row', async () => {
    for (const as of ['json', 'hash'] as const) {
      key = `live-${randomBytes(6).toString('hex')}`;
      const store = await begun({ definition: { as } });
      const mutations = [account(1, 10, 0, null), account(2, 20, 1)];
      await apply(store, first, { owner: me, from: 0, to: 2, mutations });
      await apply(store, first, { owner: me, from: 2, to: 3, mutations: [withoutAccount(2, 2)] });
      await store.promote(first);
      const found = await withRedis(testAddress('redis'), (client) => readDocuments(client, key));
      const body = as === 'json' ? account(1, 10, 0, null).document : { id: '1', balance: '10', vip: 'false' };
      expect(Object.fromEntries(found ?? [])).toEqual({ 'accounts/1': body });
    }
  });

  test('the pointer and the document in one call, as docs/redis.md has it', async () => {
    const store = await begun();
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 10, 0)] });
    await store.promote(first);
    const text = await withRedis(testAddress('redis'), (client) =>
      client.eval(
        `return redis.call('GET', ARGV[1] .. redis.call('GET', KEYS[1]) .. ':' .. ARGV[2])`,
        1,
        ...[`{${key}}:current`, `{${key}}:`, 'accounts/1'],
      ),
    );
    expect(JSON.parse(String(text))).toEqual(account(1, 10, 0).document);
  });

  test('a time to live is set anew by each change, and an expired document is not scanned', async () => {
    for (const as of ['json', 'hash'] as const) {
      key = `live-${randomBytes(6).toString('hex')}`;
      const store = await begun({ definition: { as, ttlSeconds: 1000 } });
      await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 10, 0), account(2, 10, 0)] });
      await withRedis(testAddress('redis'), async (client) => {
        const document = `{${key}}:1:accounts/1`;
        expect(await client.ttl(document)).toBeGreaterThan(900);
        await client.expire(document, 100);
        await apply(store, first, { owner: me, from: 1, to: 2, mutations: [account(1, 11, 1)] });
        expect(await client.ttl(document)).toBeGreaterThan(900);
        await client.pexpireat(`{${key}}:1:accounts/2`, 1);
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
    const store = await begun({ connect: dying });
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: many });
    expect((await failure(store.drop(first))).message).toBe('killed');
    const other = open();
    expect(await other.inspect()).toEqual({ generations: [], live: null });
    const left = () => withRedis(testAddress('redis'), (client) => keysOf(client, `{${key}}:`));
    expect((await left()).length).toBeGreaterThan(600);
    // A generation of the same number must not find the old documents.
    await other.prepare(first);
    expect(await balances(other, first)).toEqual({});
    expect(await recordedNext(other, 1)).toBe(0);
    await other.drop(first);
    expect(await left()).toEqual([]);
  });
});

describe('doctor', () => {
  async function codes(url: string): Promise<readonly string[]> {
    const check = {
      pipeline: 'contract',
      store: 'store',
      definition: definitionOf(),
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
        await client.set(`{${key}}:generations`, 'a text');
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
    await open().prepare(first);
    const other = { pipeline: 'other', store: 'cache', definition: definitionOf(), url: testAddress('redis') };
    const { findings } = await checkRedis({ ...other, tables: Promise.resolve(null) }, AbortSignal.timeout(60_000));
    expect(findings.map(({ code }) => code)).toEqual(['store-taken']);
  });
});
