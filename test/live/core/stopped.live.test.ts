import '../../support/load-ahead';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { judge } from '../../support/accepted-versions';
import { readLedger } from '../../support/ledger';
import { ask } from '../../support/index-contents';
import { checkLog, type LogVerdict } from '../../support/log-check';
import { readLog } from '../../support/log-contents';
import type { CrashPoint, Sabotage } from '../../support/misdeeds';
import { announceSeed } from '../../support/random';
import { replicaVersions } from '../../support/replica-recorder';
import { openScenario, type Scenario } from '../../support/scenario';
import { differencesOf, settle, untilLive } from '../../support/settle';
import { waitFor } from '../../support/wait';
import type { WorkerProcess } from '../../support/worker-process';
import { runWorkload } from '../../support/workload';

jest.setTimeout(540_000);

interface Frozen {
  readonly scenario: Scenario;
  /** SIGCONT; resolves when the slice it stood in has ended, one way or the other. */
  readonly wake: () => Promise<void>;
}

/**
 * A worker is stopped inside a slice, its hands full: at `point`, right before it writes. Another one takes over when
 * the heartbeat times out. `trouble` is what the first one must meet with: it stops inside its batch.
 */
async function freeze(input: {
  readonly point: CrashPoint;
  /** The workflow whose slice it stands in. */
  readonly part: 'capture' | 'replica' | 'search';
  readonly sabotage: readonly Sabotage[];
  readonly prepare?: (scenario: Scenario) => Promise<void>;
  readonly trouble: (scenario: Scenario) => Promise<void>;
}): Promise<Frozen> {
  const { point, part, sabotage, prepare, trouble } = input;
  const scenario = await openScenario();
  const begin = await scenario.startWorker();
  await scenario.startSync();
  await untilLive(scenario, 60);
  await begin.end('SIGTERM');
  await prepare?.(scenario);
  const marker = join(scenario.folder, 'stopped');
  const frozen = await scenario.startWorker({
    crash: { point, passing: 1, marker, signal: 'SIGSTOP' },
    // Both workers lack the mechanism: a fence is of no use to one alone.
    sabotage: [...sabotage, 'unaware'],
  });
  await trouble(scenario);
  await waitFor({
    what: `the worker to stop at ${point}`,
    seconds: 60,
    look: () => Promise.resolve(existsSync(marker)),
    until: (there) => there,
    evidence: () => scenario.evidence(),
  });
  await scenario.startWorker({ sabotage });
  return { scenario, wake: () => wake(frozen, `sync/${scenario.name}/${part}`) };
}

/** What a process that stands still has logged so far was before; the end of the slice is told behind it. */
async function wake(frozen: WorkerProcess, workflowId: string): Promise<void> {
  const told = () => frozen.tail(100_000).split(`"workflowId":"${workflowId}"`).length;
  const before = told();
  frozen.signal('SIGCONT');
  await waitFor({
    what: `the woken worker's slice of ${workflowId} to end`,
    seconds: 40,
    look: () => Promise.resolve(told() - before),
    until: (since) => since > 0,
    evidence: () => frozen.tail(),
  });
}

/** What the woken one has done; of one without its mechanism, once it has done harm. */
function outcome<T>(sabotage: readonly Sabotage[], look: () => Promise<T>, harmed: (seen: T) => boolean): Promise<T> {
  if (sabotage.length === 0) return look();
  return waitFor({ what: 'the woken worker to do harm', seconds: 30, everyMs: 500, look, until: harmed });
}

const changes = (seed: number) => async (scenario: Scenario) => {
  await runWorkload({ source: scenario.source, seed, changes: 400, largest: 0, changesPerSecond: 400 });
};

async function stoppedCapture(sabotage: readonly Sabotage[]): Promise<LogVerdict> {
  const seed = announceSeed('stopped in capture');
  const { scenario, wake } = await freeze({
    ...{ point: 'capture.before-append', part: 'capture', sabotage, trouble: changes(seed) },
  });
  try {
    await settle(scenario, 60);
    await wake();
    // A log with changes appended by two writers is one that capture may rightly refuse to go on with.
    if (sabotage.length === 0) await settle(scenario, 60);
    return await outcome(
      sabotage,
      async () => checkLog(await readLog(scenario.kafka, scenario.topics), await readLedger(scenario.source)),
      ({ repeated }) => repeated.length > 0,
    );
  } finally {
    await scenario.close();
  }
}

it.concurrent('SIGSTOP in capture: the successor goes on, and the woken one appends nothing', async () => {
  expect(await stoppedCapture([])).toMatchObject({ lost: [], repeated: [], aborted: [], disordered: [] });
});

it.concurrent('control: without the Kafka fence the woken one appends its changes a second time', async () => {
  expect((await stoppedCapture(['no-kafka-fence'])).repeated).not.toEqual([]);
});

async function stoppedInReplica(sabotage: readonly Sabotage[]) {
  const seed = announceSeed('stopped in a lane');
  const { scenario, wake } = await freeze({
    ...{ point: 'postgres.before-apply', part: 'replica', sabotage, trouble: changes(seed) },
  });
  try {
    await changes(seed + 1)(scenario);
    await settle(scenario, 60);
    await wake();
    const judgement = await outcome(
      sabotage,
      async () => judge(await replicaVersions(scenario.replica)),
      ({ backInTime, repeated }) => backInTime.length + repeated.length > 0,
    );
    return { judgement, differences: await differencesOf(scenario) };
  } finally {
    await scenario.close();
  }
}

it.concurrent('SIGSTOP in a lane of the replica: the woken one changes nothing', async () => {
  expect(await stoppedInReplica([])).toEqual({ judgement: { backInTime: [], repeated: [] }, differences: [] });
});

it.concurrent('control: without compare-and-set the woken one sets rows back', async () => {
  const { judgement } = await stoppedInReplica(['no-compare-and-set']);
  expect([...judgement.backInTime, ...judgement.repeated]).not.toEqual([]);
});

/** Rows that the woken worker is about to index have been deleted since, and Elasticsearch has forgotten the deletes. */
async function stoppedInSearch(sabotage: readonly Sabotage[]) {
  const { scenario, wake } = await freeze({
    ...{ point: 'elasticsearch.before-apply', part: 'search', sabotage },
    prepare: async ({ elasticsearchUrl, alias }) => {
      await ask(elasticsearchUrl, `/${alias}/_settings`, { method: 'PUT', body: { index: { gc_deletes: '0s' } } });
    },
    trouble: async ({ source }) => {
      await source.query(
        `insert into entries select 5000000 + n, 1, n, 'credit', 'doomed' from generate_series(1, 20) n`,
      );
    },
  });
  try {
    await settle(scenario, 60);
    await scenario.source.query('delete from entries where id > 5000000');
    await settle(scenario, 60);
    await forgetDeletes(scenario);
    await wake();
    return await outcome(
      sabotage,
      () => differencesOf(scenario),
      (differences) => differences.length > 0,
    );
  } finally {
    await scenario.close();
  }
}

/** Tombstones are pruned by a refresh once newer operations are behind it. */
async function forgetDeletes(scenario: Scenario): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await settle(scenario, 30);
    await ask(scenario.elasticsearchUrl, `/${scenario.alias}/_flush?force=true`, { method: 'POST' });
    await ask(scenario.elasticsearchUrl, `/${scenario.alias}/_refresh`, { method: 'POST' });
  }
}

it.concurrent('SIGSTOP in a lane of the index: the woken one changes nothing, forgotten deletes included', async () => {
  expect(await stoppedInSearch([])).toEqual([]);
});

it.concurrent('control: without the write alias the woken one brings deleted documents back', async () => {
  const differences = await stoppedInSearch(['no-write-alias']);
  expect(differences.map(({ kind }) => kind)).toContain('only in the store');
});
