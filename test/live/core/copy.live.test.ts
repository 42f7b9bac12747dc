import { judge } from '../../support/accepted-versions';
import { holdCommits } from '../../support/held-commits';
import { checkLog, versionsOnLog } from '../../support/log-check';
import { readLedger } from '../../support/ledger';
import { readLog } from '../../support/log-contents';
import { testAddress } from '../../support/project';
import { announceSeed, seeded } from '../../support/random';
import { replicaVersions } from '../../support/replica-recorder';
import { openScenario, type Scenario } from '../../support/scenario';
import { differencesOf, expectEqual, settle, untilLive } from '../../support/settle';
import { waitFor } from '../../support/wait';
import { runWorkload } from '../../support/workload';

jest.setTimeout(900_000);

/** Together the rows that are copied. */
const rows = Number(process.env['SLIPSTREAM_TEST_ROWS'] ?? 20_000);
const sizes = { accounts: rows * 0.2, vaults: rows * 0.1, documents: rows * 0.1, entries: rows * 0.6 };

/** Eight writers on the tables that are being copied, half of their commits held between decodable and visible. */
async function underWriters<Result>(scenario: Scenario, seed: number, during: () => Promise<Result>): Promise<Result> {
  const ended = new AbortController();
  const writing = runWorkload({
    ...{ source: scenario.source, seed, changes: 1e9, changesPerSecond: 800, writers: 8, largest: 200 },
    signal: ended.signal,
  });
  const holding = holdCommits(testAddress('postgres'), { heldMs: 150, freeMs: 150 });
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

it(`${rows} rows copied under eight writers, the worker killed three times: equal, and no row goes back in time`, async () => {
  const seed = announceSeed('copy');
  const random = seeded(seed);
  const scenario = await openScenario({ sizes, chunkRows: 400 });
  try {
    await scenario.startWorker();
    await underWriters(scenario, seed, async () => {
      await scenario.startSync();
      for (const share of [0.1, 0.4, 0.7]) {
        const rowsNow = rows * (share + random.next() * 0.2);
        const worker = scenario.workers.at(-1);
        await waitFor({
          what: `${Math.round(rowsNow)} rows on the log`,
          seconds: 120,
          everyMs: 100,
          look: () => scenario.copiedRows(),
          until: (seen) => seen >= rowsNow,
          evidence: () => scenario.evidence(),
        });
        await worker?.end('SIGKILL');
        await scenario.startWorker();
      }
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

it('control: without the snapshot check, stale rows overwrite newer ones', async () => {
  const seed = announceSeed('copy without the snapshot check');
  const scenario = await openScenario({ sizes, chunkRows: 400 });
  try {
    await scenario.startWorker({ sabotage: ['no-snapshot-check'] });
    await underWriters(scenario, seed, async () => {
      await scenario.startSync();
      await untilLive(scenario, 120);
    });
    await settle(scenario, 60);
    const stale = judge(versionsOnLog(await readLog(scenario.kafka, scenario.topics))).backInTime;
    const wrong = await differencesOf(scenario);
    process.stderr.write(`without the snapshot check: ${stale.length} stale rows, ${wrong.length} wrong at the end\n`);
    expect(stale.length).toBeGreaterThan(0);
  } finally {
    await scenario.close();
  }
});
