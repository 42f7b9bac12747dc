import '../../support/load-ahead';
import { join } from 'node:path';
import { judge } from '../../support/accepted-versions';
import { clientsInTurn } from '../../support/clients';
import { failedAttempts, pendingFailures, readHistories } from '../../support/histories';
import { readLedger } from '../../support/ledger';
import { checkLog } from '../../support/log-check';
import { readLog } from '../../support/log-contents';
import { crashPoints, type CrashPoint } from '../../support/misdeeds';
import { announceSeed, seeded } from '../../support/random';
import { replicaVersions } from '../../support/replica-recorder';
import { openScenario, type Scenario } from '../../support/scenario';
import { expectEqual, settle, untilEqual, untilLive, untilRebuilt } from '../../support/settle';
import { stopwatch } from '../../support/stopwatch';
import type { WorkerProcess } from '../../support/worker-process';
import { runWorkload } from '../../support/workload';

jest.setTimeout(1_500_000);

/** Points of the copy are passed at the start, those of a generation when one is built; the others under any change. */
const copyPoints = crashPoints.filter((point) => point.startsWith('copy.'));
const generationPoints = crashPoints.filter((point) => point.startsWith('generation.'));
const changePoints = crashPoints.filter((point) => !copyPoints.includes(point) && !generationPoints.includes(point));

const crashing = (scenario: Scenario, point: CrashPoint, passing = 1) =>
  scenario.startWorker({ crash: { point, passing, marker: join(scenario.folder, point), signal: 'SIGKILL' } });

/** Changes flow until the worker is dead: slower where they have to be caught up with. */
async function changesUntilDeath(
  scenario: Scenario,
  worker: WorkerProcess,
  seed: number,
  changesPerSecond = 500,
): Promise<void> {
  const dead = new AbortController();
  const writing = runWorkload({
    ...{ source: scenario.source, seed, changes: 1e9, largest: 300, changesPerSecond, signal: dead.signal },
  });
  try {
    expect(await worker.death(60)).toBe('SIGKILL');
  } finally {
    dead.abort();
    await writing;
  }
}

/** The whole of it: stores equal, each change once on the log, nothing that never happened, nothing applied twice. */
async function expectNothingLostOrRepeated(scenario: Scenario): Promise<void> {
  await settle(scenario, 60);
  await expectEqual(scenario);
  const verdict = checkLog(await readLog(scenario.kafka, scenario.topics), await readLedger(scenario.source));
  expect(verdict).toMatchObject({ lost: [], repeated: [], aborted: [], disordered: [] });
  expect(verdict.changes).toBeGreaterThan(0);
  expect(judge(await replicaVersions(scenario.replica))).toEqual({ backInTime: [], repeated: [] });
  expect(judge(scenario.elasticsearch.versions()).backInTime).toEqual([]);
}

it.concurrent('kill -9 at every named point, and once at random, costs no change and repeats none', async () => {
  const seed = announceSeed('crash points');
  const random = seeded(seed);
  const lap = stopwatch('crash points');
  const scenario = await openScenario({ chunkRows: 100, clients: clientsInTurn(seed) });
  try {
    // The copy's points: the source rests, so each worker dies in the copy itself.
    for (const point of copyPoints) {
      const worker = await crashing(scenario, point, 2);
      if (point === copyPoints[0]) await scenario.startSync();
      expect(await worker.death(60)).toBe('SIGKILL');
      lap(point);
    }
    // To the copy's end: a row that it finds after its change was streamed is rightly applied twice.
    const copying = await scenario.startWorker();
    await untilLive(scenario, 60);
    await copying.end('SIGTERM');
    lap('copied');
    for (const point of changePoints) {
      const oncePerSlice = point.endsWith('acquire') || point.endsWith('slice-end');
      const worker = await crashing(scenario, point, oncePerSlice ? 1 : random.between(1, 3));
      await changesUntilDeath(scenario, worker, random.between(1, 1e9));
      lap(point);
    }
    // One transaction of several micro-batches, so that one is handed over behind another; nobody reads it yet.
    await runWorkload({ source: scenario.source, seed: seed + 1, changes: 500, largest: 12_000 });
    const ahead = await crashing(scenario, 'elasticsearch.ahead-of-offsets', random.between(1, 2));
    expect(await ahead.death(60)).toBe('SIGKILL');
    lap('elasticsearch.ahead-of-offsets');
    const worker = await scenario.startWorker();
    await runWorkload({
      ...{ source: scenario.source, seed, changes: random.between(200, 1500), changesPerSecond: 500, largest: 300 },
    });
    await worker.end('SIGKILL');
    await scenario.startWorker();
    await untilLive(scenario, 60);
    lap('LIVE again');
    await expectNothingLostOrRepeated(scenario);
    lap('compared');
  } finally {
    await scenario.close();
  }
});

it.concurrent('kill -9 at every point of a generation: it is built, promoted and dropped all the same', async () => {
  const seed = announceSeed('crash points of a generation');
  const lap = stopwatch('crash points of a generation');
  const scenario = await openScenario({ clients: clientsInTurn(seed) });
  try {
    await scenario.startWorker();
    await scenario.startSync();
    await untilLive(scenario, 60);
    for (const [at, point] of generationPoints.entries()) {
      await scenario.workers.at(-1)?.end('SIGTERM');
      const worker = await crashing(scenario, point);
      const store = at % 2 === 0 ? 'replica' : 'search';
      await scenario.client.workflow.getHandle(`sync/${scenario.name}`).signal('rebuild', { store, reason: point });
      // A generation is promoted once it has caught up: a busy machine has to be faster than the writers.
      await changesUntilDeath(scenario, worker, seed + at, 100);
      await scenario.startWorker();
      await untilRebuilt(scenario, store, 2 + Math.floor(at / 2));
      lap(point);
    }
    await expectNothingLostOrRepeated(scenario);
  } finally {
    await scenario.close();
  }
});

it.concurrent('control: a store whose offsets go before its data loses changes when it is killed between', async () => {
  const scenario = await openScenario();
  try {
    const marker = join(scenario.folder, 'between');
    const worker = await scenario.startWorker({
      crash: { point: 'elasticsearch.between-data-and-offsets', passing: 1, marker, signal: 'SIGKILL' },
      sabotage: ['offsets-before-data'],
    });
    await scenario.startSync();
    expect(await worker.death(60)).toBe('SIGKILL');
    await scenario.startWorker();
    await settle(scenario, 60);
    await expect(expectEqual(scenario)).rejects.toThrow('missing in the store');
  } finally {
    await scenario.close();
  }
});

it.concurrent(
  'kill -9 between the commits of a replica over three connections: it equals the source, no row goes back',
  async () => {
    const seed = announceSeed('parallel replica');
    const random = seeded(seed);
    const scenario = await openScenario({ stores: ['replica'], parallel: 3 });
    try {
      const first = await scenario.startWorker();
      await scenario.startSync();
      await untilLive(scenario, 60);
      await first.end('SIGTERM');
      // Four commits a batch, the lane's own the last: some shares have theirs by then, and others do not.
      const worker = await crashing(scenario, 'postgres.before-commit', random.between(2, 12));
      await changesUntilDeath(scenario, worker, seed);
      await scenario.startWorker();
      await runWorkload({ source: scenario.source, seed: seed + 1, changes: 500, changesPerSecond: 500, largest: 300 });
      await settle(scenario, 60);
      await untilEqual(scenario, 60);
      expect(judge(await replicaVersions(scenario.replica)).backInTime).toEqual([]);
    } finally {
      await scenario.close();
    }
  },
);

it.concurrent('SIGTERM hands over to another worker within seconds and without a failed attempt', async () => {
  const seed = announceSeed('takeover');
  // Nothing here waits for a heartbeat to be missed, and one that a busy machine delays is no failed attempt.
  const scenario = await openScenario({ slice: { seconds: 30, heartbeatSeconds: 30 } });
  try {
    const first = await scenario.startWorker();
    await scenario.startSync();
    await untilLive(scenario, 60);
    const second = await scenario.startWorker();
    const failuresBefore = failedAttempts(await readHistories(scenario.client)).length;
    const writing = runWorkload({ source: scenario.source, seed, changes: 2000, changesPerSecond: 400, largest: 300 });
    const ordered = Date.now();
    await first.end('SIGTERM');
    const ended = Date.now();
    await settle(scenario, 60);
    process.stderr.write(
      `takeover: the old worker ended after ${(ended - ordered) / 1000} s, the new one had all changes after ` +
        `${(Date.now() - ordered) / 1000} s\n`,
    );
    await writing;
    expect(second.alive).toBe(true);
    await expectNothingLostOrRepeated(scenario);
    expect(failedAttempts(await readHistories(scenario.client)).slice(failuresBefore)).toEqual([]);
    const { name } = scenario;
    expect(
      await pendingFailures(
        scenario.client,
        ['capture', 'replica', 'search'].map((id) => `sync/${name}/${id}`),
      ),
    ).toEqual([]);
  } finally {
    await scenario.close();
  }
});
