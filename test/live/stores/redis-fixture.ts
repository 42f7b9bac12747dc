import { randomBytes } from 'node:crypto';
import type { StoreDefinition } from '../../../model/pipeline';
import { openRedisStore, type RedisParts } from '../../../stores/redis/store';
import type { Store } from '../../../stores/store';
import { catalogue, generation, lane, owner, pipeline, storeName, tables } from '../../contract/fixture';
import { testAddress } from '../../support/project';
import { keysOf, withRedis } from '../../support/redis-contents';

type RedisDefinition = Extract<StoreDefinition, { type: 'redis' }>;

export const first = generation(1);
export const me = owner(1000);

interface Opening extends Partial<RedisParts> {
  readonly definition?: Partial<RedisDefinition>;
  readonly url?: string;
}

/** A key of its own on the run's server for each test, with the stores that were opened for it; gone with the test. */
export interface Place {
  readonly key: string;
  /** For a test of several rounds. */
  anew(): void;
  definition(over?: Partial<RedisDefinition>): RedisDefinition;
  open(opening?: Opening): Store;
  /** Its first generation prepared, its lane mine. */
  begun(opening?: Opening): Promise<Store>;
}

/** Call once in a file. */
export function placeForEach(): Place {
  let keys: string[] = [];
  let opened: Store[] = [];
  const place: Place = {
    get key() {
      return keys.at(-1) ?? '';
    },
    anew() {
      keys.push(`live-${randomBytes(6).toString('hex')}`);
    },
    definition: (over = {}) => ({
      ...({ type: 'redis', url: { env: 'CACHE_URL' }, key: place.key, as: 'json', tables } as const),
      ...over,
    }),
    open({ definition, url = testAddress('redis'), ...parts } = {}) {
      const context = { pipeline, store: storeName, url, catalogue: async () => catalogue };
      const store = openRedisStore({ ...context, definition: place.definition(definition) }, parts);
      opened.push(store);
      return store;
    },
    async begun(opening) {
      const store = place.open(opening);
      await store.prepare(first);
      await store.acquire(first, lane, me);
      return store;
    },
  };
  beforeEach(() => {
    [keys, opened] = [[], []];
    place.anew();
  });
  afterEach(async () => {
    for (const store of opened) await store.close();
    await withRedis(testAddress('redis'), async (client) => {
      for (const key of keys) {
        const found = await keysOf(client, `{${key}}:`);
        if (found.length > 0) await client.unlink(found);
      }
    });
  });
  return place;
}
