import { join } from 'node:path';
import { judge, type AcceptedVersion } from '../../support/accepted-versions';
import { holdCommits, holdCommitsNowAndThen } from '../../support/held-commits';
import { checkLog, versionsOnLog } from '../../support/log-check';
import { readLedger } from '../../support/ledger';
import { readLog } from '../../support/log-contents';
import type { CrashPoint, Sabotage } from '../../support/misdeeds';
import { testAddress } from '../../support/project';
import { announceSeed, seeded } from '../../support/random';
import { replicaVersions } from '../../support/replica-recorder';
import { openScenario, type Scenario } from '../../support/scenario';
import { expectEqual, settle, untilLive } from '../../support/settle';
import { waitFor } from '../../support/wait';
import type { WorkerProcess } from '../../support/worker-process';
import { runWorkload } from '../../support/workload';

jest.setTimeout(900_000);

/** Together the rows that are copied. */
const rows = Number(process.env['SLIPSTREAM_TEST_ROWS'] ?? 20_000);
const sizes = { accounts: rows * 0.2, vaults: rows * 0.1, documents: rows * 0.1, entries: rows * 0.6 };
const chunkRows = 400;

/** Eight writers on the tables that are being copied, half of their commits held between decodable and visible. */
async function underWriters<Result>(scenario: Scenario, seed: number, during: () => Promise<Result>): Promise<Result> {
  const ended = new AbortController();
  const writing = runWorkload({
    ...{ source: scenario.source, seed, changes: 1e9, changesPerSecond: 800, writers: 8, largest: 200 },
    signal: ended.signal,
  });
  const holding = holdCommitsNowAndThen(testAddress('postgres'), { heldMs: 150, freeMs: 150 });
  try {
    return await during();
  } finally {
    await holding.stop();
    ended.abort();
    await writing;
  }
}

const copied = async (scenario: Scenario) => {
  const { capture } = await scenario.status();
  const copies = Object.values(capture.progress?.copies ?? {});
  return copies.reduce((sum, copy) => sum + copy.rows, 0);
};

/** A worker that kills itself in the copy: no copy is fast enough to be over before. */
function dyingInCopy(scenario: Scenario, point: CrashPoint, passing: number): Promise<WorkerProcess> {
  const marker = join(scenario.folder, `dead-${scenario.workers.length}`);
  return scenario.startWorker({ crash: { point, passing, marker, signal: 'SIGKILL' } });
}

it(`${rows} rows copied under eight writers, the worker killed three times: equal, and no row goes back in time`, async () => {
  const seed = announceSeed('copy');
  const random = seeded(seed);
  const scenario = await openScenario({ sizes, chunkRows });
  try {
    await underWriters(scenario, seed, async () => {
      for (const at of [1, 2, 3]) {
        // Together three quarters of the chunks at most.
        const chunks = Math.round((rows / chunkRows) * (0.05 + random.next() * 0.2));
        const worker = await dyingInCopy(scenario, random.pick(['copy.after-read', 'copy.after-append']), chunks);
        if (at === 1) await scenario.startSync();
        expect(await worker.death(120)).toBe('SIGKILL');
      }
      await scenario.startWorker();
      await untilLive(scenario, 120);
    });
    expect(await copied(scenario)).toBeGreaterThanOrEqual(rows * 0.9);
    await settle(scenario, 60);
    await expectEqual(scenario);
    const log = await readLog(scenario.kafka, scenario.topics);
    // Changes from before the slot are in the copy, and not on the log.
    expect(checkLog(log, await readLedger(scenario.source))).toMatchObject({
      repeated: [],
      aborted: [],
      disordered: [],
    });
    expect(judge(versionsOnLog(log)).backInTime).toEqual([]);
    expect(judge(await replicaVersions(scenario.replica)).backInTime).toEqual([]);
    expect(judge(scenario.elasticsearch.versions()).backInTime).toEqual([]);
  } finally {
    await scenario.close();
  }
});

/**
 * One document's update is decodable, streamed, and visible to nobody when the chunk it belongs to is read. Returns what
 * went back in time on the log.
 */
async function readBehindHeldCommit(sabotage: readonly Sabotage[]): Promise<readonly AcceptedVersion[]> {
  // No replica, whose rows would wait on the same server.
  const scenario = await openScenario({ stores: ['search'], recordVersions: false });
  const { source } = scenario;
  try {
    const preparing = await dyingInCopy(scenario, 'copy.after-read', 1);
    await scenario.startSync();
    expect(await preparing.death(60)).toBe('SIGKILL');
    // The second of four tables: the copy stands still before it, with the documents still to come.
    const lock = await source.connect();
    await lock.query('begin; lock table vaults in access exclusive mode');
    const held = await holdCommits(source.url);
    try {
      await held.commit(
        `update documents set title = 'held' where id = (select id from documents order by id limit 1)`,
      );
      const worker = await scenario.startWorker({ sabotage });
      await waitFor({
        what: 'the update to be on the log',
        seconds: 60,
        everyMs: 500,
        look: () => readLog(scenario.kafka, scenario.topics),
        until: (log) => log.some(({ operation }) => operation === 'u'),
        evidence: () => worker.tail(),
      });
      await lock.query('rollback');
      if (sabotage.length > 0) await untilLive(scenario, 60);
      else await untilReadAgain(scenario);
    } finally {
      await held.release();
      await lock.end();
    }
    await untilLive(scenario, 60);
    await settle(scenario, 60);
    return judge(versionsOnLog(await readLog(scenario.kafka, scenario.topics))).backInTime;
  } finally {
    await scenario.close();
  }
}

/** The copy's connection ends one read after the other, each with its commit: the third began behind this call. */
async function untilReadAgain({ source }: Scenario): Promise<void> {
  const ends = new Set<string>();
  await waitFor({
    what: 'a chunk to be read again and again',
    seconds: 30,
    look: async () => {
      const idle = await source.query(
        `select query_start from pg_stat_activity where datname = $1 and query = 'commit' and state = 'idle'`,
        [source.name],
      );
      for (const row of idle) ends.add(String(row['query_start']));
      return ends.size;
    },
    until: (count) => count >= 3,
  });
}

it('a chunk is not taken while it misses a commit that was streamed before', async () => {
  expect(await readBehindHeldCommit([])).toEqual([]);
});

it('control: without the snapshot check its stale row overwrites the newer one', async () => {
  expect(await readBehindHeldCommit(['no-snapshot-check'])).toMatchObject([{ target: 'documents' }]);
});
