import { Redis } from 'ioredis';
import { alternate, compared } from '../alternate';
import { openBacklog, type Backlog } from '../backlog';
import type { Place } from '../log';
import type { Bench, Measure, Result } from '../measure';
import { openRunner } from '../runner';
import { table, type BacklogKind } from '../source';
import { assertEqual, createDigest, readRowsAsDocuments, type Contents } from '../truth';
import type { FollowSpec } from '../variants/follow';
import type { RawRedisSpec } from '../variants/raw-redis';

const defaultChanges: Readonly<Record<BacklogKind, number>> = { items: 150_000, 'hot-keys': 1_000_000 };

export const redis: Measure = {
  name: 'redis',
  question: 'How fast does one lane bring a backlog of the log into Redis?',
  parts: ['postgres', 'kafka', 'redis'],
  async run(bench) {
    const results: Result[] = [];
    for (const kind of ['hot-keys', 'items'] as const) results.push(await measure(bench, kind));
    return results;
  },
};

async function measure(bench: Bench, kind: BacklogKind): Promise<Result> {
  const backlog = await openBacklog(bench, defaultChanges[kind], kind);
  const ours = openRunner('follow', bench.options);
  const raw = openRunner('rawRedis', bench.options);
  const client = new Redis(bench.addresses.redis);
  const { name, log, changes } = backlog;
  const place = withCache(backlog.place, name);
  try {
    const expected = await readRowsAsDocuments(backlog.sourceUrl);
    const check = async (prefix: string) => {
      assertEqual(`Keys ${prefix}…`, expected, await takeDocuments(client, prefix));
    };
    const results = await alternate(
      {
        ours: {
          async run(at: number) {
            const number = at + 2; // the warm-up builds generation 1
            const reading = await ours.run({ place, log, store: 'cache', number, changes } satisfies FollowSpec);
            await check(`{${name}}:${number}:`);
            return reading;
          },
        },
        raw: {
          async run(at: number) {
            const prefix = `${name}-raw-${at + 1}:`;
            const reading = await raw.run({ place, log, prefix, changes } satisfies RawRedisSpec);
            await check(prefix);
            return reading;
          },
        },
      },
      bench.options.runs,
      bench.say,
    );
    return summary(backlog, kind, results);
  } finally {
    await Promise.all([ours.close(), raw.close()]);
    for (const beginning of [`{${name}}:`, `${name}-raw-`]) await takeDocuments(client, beginning);
    client.disconnect();
    await backlog.close();
  }
}

/** The same log, followed by a cache. */
function withCache({ pipeline, ...place }: Place, name: string): Place {
  const cache = { type: 'redis', url: { env: 'BENCH_CACHE_URL' }, key: name, tables: { [table]: {} } } as const;
  return { ...place, pipeline: { ...pipeline, stores: { cache } } };
}

/** Every document under a prefix, by plain commands: past our adapter. Removes them, so that all runs begin alike. */
async function takeDocuments(client: Redis, prefix: string): Promise<Contents> {
  const digest = createDigest();
  const seen = new Set<string>();
  let cursor = '0';
  do {
    const [next, keys] = await client.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 5_000);
    cursor = next;
    const fresh = keys.filter((key) => !seen.has(key));
    if (fresh.length === 0) continue;
    for (const key of fresh) seen.add(key);
    for (const [at, text] of (await client.mget(fresh)).entries()) {
      const id = (fresh[at] ?? '').slice(prefix.length);
      if (text?.startsWith('{')) digest.add(id, JSON.parse(text) as Record<string, unknown>);
    }
  } while (cursor !== '0');
  for (let at = 0; at < seen.size; at += 5_000) await client.unlink([...seen].slice(at, at + 5_000));
  return digest.contents();
}

type Sides = Awaited<ReturnType<typeof alternate<'ours' | 'raw'>>>;

function summary({ workload }: Backlog, kind: BacklogKind, { ours, raw }: Sides): Result {
  return {
    ...compared(ours, raw),
    measure: 'redis',
    case: kind === 'items' ? 'one lane' : 'one lane, 100 hot keys',
    unit: 'changes/s',
    rawIs: 'SET of every change, 4,000 in a pipeline',
    details: {},
    workload,
    compared: 'every field of every document of both sides with the source, by digest, after each run',
  };
}
