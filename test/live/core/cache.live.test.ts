import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Redis } from 'ioredis';
import type { PipelineFile } from '../../../model/pipeline';
import { replicaExpectations } from '../../support/expectations';
import { testAddress } from '../../support/project';
import { announceSeed } from '../../support/random';
import { poll, untilRead, type PollingReader } from '../../support/readers';
import { touchWatched } from '../../support/rebuild-readers';
import { dropKeys, readDocuments, withRedis } from '../../support/redis-contents';
import { cachePoints } from '../../support/misdeeds';
import { openScenario, type Scenario } from '../../support/scenario';
import { expectEqual, settle, untilLive, untilRebuilt } from '../../support/settle';
import { waitFor } from '../../support/wait';
import { runWorkload } from '../../support/workload';

jest.setTimeout(300_000);

/** What the cache makes of rows: constants, templates, and columns as other types, lists and JSON among them. */
const madeFields = {
  'public.accounts': {
    kind: { constant: 'account' },
    title: { template: '{owner} #{id}' },
    euros: { column: 'balance', to: 'number' },
  },
  'public.documents': {
    words: { column: 'tags', to: 'list' },
    payload: { column: 'data', to: 'json' },
    published: { column: 'published_at', to: 'iso8601' },
  },
} as const;

/** The same in SQL. */
const madeColumns: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  accounts: { kind: `'account'`, title: `owner || ' #' || id`, euros: 'balance' },
  documents: { words: 'to_jsonb(tags)', payload: 'data', published: 'published_at' },
};
const expectations = {
  cache: replicaExpectations.map((one) => ({ ...one, columns: { ...one.columns, ...madeColumns[one.target] } })),
};

function withMadeFields({ pipeline }: Scenario): PipelineFile {
  const { cache } = pipeline.stores;
  if (!cache) throw new Error('the scenario has no cache');
  const made = Object.entries(madeFields).map(([table, fields]) => [table, { ...cache.tables[table], fields }]);
  const tables = { ...cache.tables, ...(Object.fromEntries(made) as typeof cache.tables) };
  const accounts = { ...cache.tables['public.accounts'], fields: madeTexts };
  const hashes = { ...cache, key: hashKey(pipeline), as: 'hash' as const, tables: { 'public.accounts': accounts } };
  return { ...pipeline, stores: { cache: { ...cache, tables }, hashes } };
}

/** The accounts again, each as a hash: its fields are texts, so no made field may be anything else. */
const { kind, title } = madeFields['public.accounts'];
const madeTexts = { kind, title };
const hashKey = ({ name }: Pick<Scenario, 'name'>) => `${name}-hashes`;

/** What the hashes are to be, by the database itself: document's id → all of its fields. */
async function hashesWanted({ source }: Scenario): Promise<Record<string, unknown>> {
  const rows = await source.query(
    `select 'accounts/' || id as document, id::text, owner, balance::text, revision::text, 'account' as kind,
       owner || ' #' || id as title from accounts`,
  );
  return Object.fromEntries(rows.map(({ document, ...fields }) => [String(document), fields]));
}

async function areHashes(client: Redis, scenario: Scenario, wanted: Record<string, unknown>): Promise<boolean> {
  const found = (await readDocuments(client, hashKey(scenario))) ?? new Map<string, unknown>();
  return isDeepStrictEqual(Object.fromEntries(found), wanted);
}

/** What may be wrong with a hash, one at a time: it is made so, and made good again. */
async function seenOfDamages(client: Redis, scenario: Scenario, wanted: Record<string, unknown>) {
  const prefix = `{${hashKey(scenario)}}:${await client.get(`{${hashKey(scenario)}}:current`)}:`;
  const [place, stray] = [`${prefix}accounts/1`, `${prefix}accounts/-1`];
  const whole = await client.hgetall(place);
  const damages: Record<string, () => Promise<unknown>> = {
    'a column of the source': () => client.hset(place, 'balance', 'damaged'),
    'a made field': () => client.hset(place, 'title', 'damaged'),
    'a field that is missing': () => client.hdel(place, 'kind'),
    'a field too many': () => client.hset(place, 'damaged', ''),
    'a document that is missing': () => client.del(place),
    'one too many': () => client.hset(stray, whole),
  };
  const seen: string[] = [];
  for (const [damage, inflict] of Object.entries(damages)) {
    await inflict();
    if (!(await areHashes(client, scenario, wanted))) seen.push(damage);
    await client.del(place, stray);
    await client.hset(place, whole);
    expect(await areHashes(client, scenario, wanted)).toBe(true);
  }
  return { seen, all: Object.keys(damages) };
}

/** Pointer and document in one call, as docs/redis.md tells readers. */
const readOne = `return redis.call('GET', ARGV[1] .. redis.call('GET', KEYS[1]) .. ':' .. ARGV[2])`;

async function read(client: Redis, key: string, id: string): Promise<Record<string, unknown> | null> {
  const text = await client.eval(readOne, 1, `{${key}}:current`, `{${key}}:`, id);
  return typeof text === 'string' ? (JSON.parse(text) as Record<string, unknown>) : null;
}

/** A watched account is there at every look, and never older than at the one before. */
function pollCache(client: Redis, { name }: Scenario): PollingReader {
  let newest = 0;
  return poll(async () => {
    const account = await read(client, name, 'accounts/1');
    if (account === null) return 'the account is not there';
    const revision = Number(account['revision']);
    if (revision < newest) return `revision ${revision} came after ${newest}`;
    newest = revision;
    return null;
  });
}

it('a cache equals the source, made fields and all, under writes and kills at every point of it, and is rebuilt under a reader that sees no step back', async () => {
  const seed = announceSeed('cache');
  const scenario = await openScenario({ recordVersions: false, stores: ['cache'] });
  const stop = new AbortController();
  let reader: PollingReader | undefined;
  try {
    await withRedis(testAddress('redis'), async (client) => {
      const first = await scenario.startWorker();
      const pipeline = withMadeFields(scenario);
      await scenario.startSync(pipeline);
      await untilLive({ ...scenario, pipeline }, 90);
      const polling = (reader = pollCache(client, scenario));
      const touching = touchWatched(scenario, stop.signal);
      const workload = runWorkload({
        source: scenario.source,
        seed,
        changes: 3_000,
        largest: 500,
        changesPerSecond: 1000,
      });
      await untilRead(polling, 50);
      await first.end('SIGKILL');
      for (const point of cachePoints) {
        const marker = join(scenario.folder, point);
        const worker = await scenario.startWorker({ crash: { point, passing: 1, marker, signal: 'SIGKILL' } });
        // The watched account is written to all the while.
        expect(await worker.death(60)).toBe('SIGKILL');
      }
      await scenario.startWorker();
      await workload;
      await settle(scenario, 90);
      await scenario.client.workflow.getHandle(`sync/${scenario.name}`).signal('rebuild', {
        store: 'cache',
        reason: 'a test',
      });
      await untilRebuilt(scenario, 'cache', 2);
      stop.abort();
      await touching;
      await settle(scenario, 90);
      await polling.stop();
      expect(polling.violations).toEqual([]);
      await expectEqual(scenario, expectations);
      const wanted = await hashesWanted(scenario);
      expect(Object.keys(wanted).length).toBeGreaterThan(10);
      await waitFor({
        ...{ what: "every account's hash equals its row, made fields and all", seconds: 30, conclusive: true },
        look: () => areHashes(client, scenario, wanted),
        until: (equal) => equal,
      });
      // Control: that comparison sees each of these alone.
      const { seen, all } = await seenOfDamages(client, scenario, wanted);
      expect(seen).toEqual(all);
      // Control: the comparison sees a document that is wrong, one that is missing and one too many.
      await client.set(`{${scenario.name}}:2:accounts/1`, '{"id":"1"}');
      await client.del(`{${scenario.name}}:2:accounts/2`);
      await client.set(`{${scenario.name}}:2:accounts/-1`, '{"id":"-1"}');
      await expect(expectEqual(scenario, expectations)).rejects.toThrow(/accounts/);
    });
  } finally {
    stop.abort();
    await reader?.stop();
    await withRedis(testAddress('redis'), (client) => dropKeys(client, `{${hashKey(scenario)}}:`));
    await scenario.close();
  }
});
