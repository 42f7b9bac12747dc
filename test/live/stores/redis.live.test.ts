import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkAcceptance } from '../../../activities/acceptance';
import { connect, type Connection } from '../../../stores/redis/client';
import type { RedisParts } from '../../../stores/redis/store';
import type { Store } from '../../../stores/store';
import {
  account,
  apply,
  balances,
  expectBlocked,
  expectFenced,
  failure,
  lane,
  offsets,
  owner,
} from '../../contract/fixture';
import { keysOf, withRedis } from '../../support/redis-contents';
import { openRedis, type OwnRedis } from './own-redis';
import { first, me, placeForEach } from './redis-fixture';
import { offsetsThenData, takesFromAnyone } from './redis-sabotage';

jest.setTimeout(120_000);

const place = placeForEach();

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
    const store = await place.begun({ ...parts, url: redis.url });
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
    const after = place.open({ url: redis.url });
    const { next } = await after.acquire(first, lane, owner(2000));
    const held = [...new Set(Object.values(await balances(after, first)))];
    expect(Number(next['contract.positions']?.['0'])).toBeGreaterThanOrEqual(at);
    return { next: Number(next['contract.positions']?.['0']), held };
  }

  test('data and offsets agree after a kill -9 in the middle of writing, and what was answered is there', async () => {
    for (let round = 0; round < 3; round += 1) {
      place.anew();
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
    // Of less patience than usual, and enough for what a busy machine answers late.
    const store = await place.begun({ url: redis.url, connect: (url) => connect(url, 3_000) });
    redis.server.pause();
    const batch = { owner: me, from: 0, to: 1, mutations: [account(1, 1, 0)] };
    expect((await failure(apply(store, first, batch))).name).toBe('Unavailable');
    redis.server.resume();
    const successor = place.open({ url: redis.url });
    const { next } = await successor.acquire(first, lane, owner(2000));
    const reached = Number(next['contract.positions']?.['0'] ?? 0);
    expect(await balances(successor, first)).toEqual(reached === 1 ? { 'accounts/1': 1 } : {});
  });

  test('a server without its data has no generation: blocked, never begun anew', async () => {
    const store = await place.begun({ url: redis.url });
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 1, 0)] });
    await redis.server.stop();
    rmSync(join(redis.folder, 'appendonlydir'), { recursive: true });
    await redis.server.start();
    await expectBlocked(place.open({ url: redis.url }).acquire(first, lane, owner(2000)), 'store-behind');
  });

  test('a server that comes back at an earlier state of data and offsets is gone on from', async () => {
    const store = await place.begun({ url: redis.url });
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 1, 0)] });
    // What a power cut leaves of an append-only file that was not on the disk yet: a beginning of it.
    const before = await withRedis(redis.url, async (client) => {
      const keys = await keysOf(client, `{${place.key}}:`);
      return Promise.all(keys.map(async (each) => [each, await client.dumpBuffer(each)] as const));
    });
    await apply(store, first, { owner: me, from: 1, to: 2, mutations: [account(1, 2, 1), account(2, 2, 1)] });
    await withRedis(redis.url, async (client) => {
      await client.unlink(await keysOf(client, `{${place.key}}:`));
      for (const [each, dump] of before) await client.restore(each, 0, dump);
    });
    const successor = place.open({ url: redis.url });
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
    await place.open().prepare(first);
    const second = place.open();
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
    return { first: place.open({ ...parts, connect: between }).acquire(first, lane, owner(2000)), second };
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
