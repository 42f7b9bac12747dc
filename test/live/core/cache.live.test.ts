import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { describeDifferences } from '../../support/differences';
import { replicaExpectations } from '../../support/expectations';
import { compareDocuments } from '../../support/ground-truth';
import { testAddress } from '../../support/project';
import { announceSeed } from '../../support/random';
import { poll, untilRead, type PollingReader } from '../../support/readers';
import { touchWatched } from '../../support/rebuild-readers';
import { keysOf, readDocuments, withRedis } from '../../support/redis-contents';
import { cachePoints } from '../../support/misdeeds';
import { openScenario, type Scenario } from '../../support/scenario';
import { untilLive, untilRebuilt } from '../../support/settle';
import { waitFor } from '../../support/wait';
import { runWorkload } from '../../support/workload';

jest.setTimeout(300_000);

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

/** A last row, written now, has come through: with one lane everything before it has. */
async function settleCache(client: Redis, scenario: Scenario, id: number): Promise<void> {
  await scenario.source.query(`insert into entries values ($1, 1, 1, 'fee', 'the last')`, [id]);
  await waitFor({
    what: 'the last row in the cache',
    seconds: 90,
    look: () => read(client, scenario.name, `entries/${id}`),
    until: (found) => found !== null,
    evidence: () => scenario.evidence(),
  });
}

async function expectEqualCache(client: Redis, { source, name }: Scenario): Promise<void> {
  const found = (await readDocuments(client, name)) as Map<string, Record<string, unknown>>;
  const differences = await compareDocuments({ source, expectations: replicaExpectations, found });
  if (differences.length > 0) throw new Error(describeDifferences(differences));
}

it('a cache equals the source under writes and kills at every point of it, and is rebuilt under a reader that sees no step back', async () => {
  const seed = announceSeed('cache');
  const scenario = await openScenario({ recordVersions: false, stores: ['cache'] });
  const stop = new AbortController();
  let reader: PollingReader | undefined;
  try {
    await withRedis(testAddress('redis'), async (client) => {
      const first = await scenario.startWorker();
      await scenario.startSync();
      await untilLive(scenario, 90);
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
      await settleCache(client, scenario, -2_000_001);
      await scenario.client.workflow.getHandle(`sync/${scenario.name}`).signal('rebuild', {
        store: 'cache',
        reason: 'a test',
      });
      await untilRebuilt(scenario, 'cache', 2);
      stop.abort();
      await touching;
      await settleCache(client, scenario, -2_000_002);
      await polling.stop();
      expect(polling.violations).toEqual([]);
      await expectEqualCache(client, scenario);
      // Control: the comparison sees a document that is wrong, one that is missing and one too many.
      await client.set(`{${scenario.name}}:2:accounts/1`, '{"id":"1"}');
      await client.del(`{${scenario.name}}:2:accounts/2`);
      await client.set(`{${scenario.name}}:2:accounts/-1`, '{"id":"-1"}');
      await expect(expectEqualCache(client, scenario)).rejects.toThrow(/accounts/);
    });
  } finally {
    stop.abort();
    await reader?.stop();
    await scenario.close();
    await withRedis(testAddress('redis'), async (client) => {
      for (const key of await keysOf(client, `{${scenario.name}}:`)) await client.unlink(key);
    });
  }
});
