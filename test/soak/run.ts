import { setTimeout as pause } from 'node:timers/promises';
import { judgeRun, type Verdict } from '../faults/verdict';
import { describeDifferences, type Difference } from '../support/differences';
import { replicaExpectations, searchExpectations } from '../support/expectations';
import { seeded } from '../support/random';
import { openScenario, type Scenario } from '../support/scenario';
import { settle, untilLive } from '../support/settle';
import { waitFor } from '../support/wait';
import type { WorkerProcess } from '../support/worker-process';
import { runWorkload } from '../support/workload';
import { growth, judgeMemory, residentMiB, type MemoryVerdict, type Sample } from './memory';
import { sideDifferencesOnLog } from './side-truth';
import { allExpectations, sideTables } from './side-tables';
import { writeSideTables, type SideWritten } from './side-writers';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly changesPerSecond: number;
  readonly report: (line: string) => void;
}

export interface SoakVerdict extends Verdict, SideWritten {
  readonly kills: number;
  /** Of the worker that lives through the second half; null where memory cannot be read. */
  readonly memory: (MemoryVerdict & { readonly growthMiBPerMinute: number | null; readonly peakMiB: number }) | null;
}

/** Between two kills at least; a worker has to come back, catch up and work for a while. */
const betweenKillsMs = 25_000;
/** Memory counts from here on: sessions are open, code is compiled, the heap has its size. */
const settledAfterMs = 30_000;

/**
 * A pipeline under a mixed load of several writers, beside tables that change and are emptied meanwhile. In the first half
 * workers are killed at drawn moments; through the second one worker lives, and its memory is watched. Then everything is
 * compared.
 */
export async function soak({ minutes, seed, changesPerSecond, report }: SoakOptions): Promise<SoakVerdict> {
  const random = seeded(seed);
  const scenario = await openScenario({ chunkRows: 100, sideTables });
  const rest = new AbortController();
  try {
    await scenario.startWorker();
    await scenario.startSync();
    await untilLive(scenario, 180);
    let written = 0;
    const writing = runWorkload({
      ...{ source: scenario.source, seed: random.between(0, 1e9), changes: Number.MAX_SAFE_INTEGER, largest: 5_000 },
      ...{ changesPerSecond, signal: rest.signal, onProgress: (changes) => (written = changes) },
    });
    const beside = writeSideTables({
      ...{ source: scenario.source, seed: random.between(0, 1e9), signal: rest.signal, report },
    });
    const tell = (line: string) => report(`${written} changes written, ${line}`);
    let kills = 0;
    let memory: readonly Sample[] = [];
    try {
      kills = await killWorkers(scenario, { random, ms: minutes * 30_000, tell });
      memory = await watchMemory(current(scenario), minutes * 30_000, tell);
    } finally {
      rest.abort();
      await Promise.all([writing, beside]);
    }
    await settle(scenario, 300);
    await untilLive(scenario, 120);
    const sides = await restingDifferences(scenario);
    const verdict = await judgeRun(scenario, {
      expectations: await allExpectations(scenario.source, {
        ...{ replica: replicaExpectations, search: searchExpectations },
      }),
      copiedAgain: sideTables.names.map((name) => name.replace('public.', '')),
    });
    return {
      ...verdict,
      wrong: verdict.wrong + sides.length,
      examples: [...verdict.examples, ...(sides.length > 0 ? [describeDifferences(sides)] : [])],
      ...(await beside),
      ...{ kills, memory: judgementOf(memory) },
    };
  } finally {
    rest.abort();
    await scenario.close();
  }
}

async function killWorkers(
  scenario: Scenario,
  { random, ms, tell }: { random: ReturnType<typeof seeded>; ms: number; tell: (line: string) => void },
): Promise<number> {
  const end = Date.now() + ms;
  let kills = 0;
  while (Date.now() < end) {
    await pause(Math.min(betweenKillsMs + random.between(0, 20_000), Math.max(0, end - Date.now())));
    await current(scenario).end('SIGKILL');
    await scenario.startWorker();
    kills += 1;
    tell(`${kills} workers killed`);
  }
  return kills;
}

/** The last change of a table may have begun a copy that no last row waits for; what differs when it never ends is told. */
async function restingDifferences(scenario: Scenario): Promise<readonly Difference[]> {
  let last: readonly Difference[] = [];
  await waitFor({
    what: 'the log to have the side tables as they are',
    seconds: 60,
    everyMs: 2_000,
    look: async () => (last = await sideDifferencesOnLog(scenario)).length,
    until: (count) => count === 0,
  }).catch(() => undefined);
  // Stores may be behind the log by the last of these copies.
  await settle(scenario, 120);
  return last;
}

function judgementOf(samples: readonly Sample[]): SoakVerdict['memory'] {
  const settled = samples.filter(({ at }) => at * 1_000 >= settledAfterMs);
  const judged = judgeMemory(settled);
  if (!judged) return null;
  const peakMiB = Math.max(...samples.map(({ mebibytes }) => mebibytes));
  return { ...judged, growthMiBPerMinute: growth(settled), peakMiB };
}

async function watchMemory(
  worker: WorkerProcess,
  ms: number,
  tell: (line: string) => void,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const started = Date.now();
  for (let reported = started; Date.now() - started < ms;) {
    if (!worker.alive) throw new Error(`The worker that was to live has ended:\n${worker.tail()}`);
    const mebibytes = residentMiB(worker.pid);
    if (mebibytes !== null) samples.push({ at: (Date.now() - started) / 1_000, mebibytes });
    if (mebibytes !== null && Date.now() - reported > 30_000) {
      reported = Date.now();
      tell(`${mebibytes.toFixed(0)} MiB resident`);
    }
    await pause(500);
  }
  return samples;
}

function current(scenario: Scenario): WorkerProcess {
  const worker = scenario.workers.at(-1);
  if (!worker) throw new Error('No worker has been started.');
  return worker;
}
