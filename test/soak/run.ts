import { setTimeout as pause } from 'node:timers/promises';
import { judgeRun, type Verdict } from '../faults/verdict';
import { seeded } from '../support/random';
import { openScenario, type Scenario } from '../support/scenario';
import { settle, untilLive } from '../support/settle';
import type { WorkerProcess } from '../support/worker-process';
import { runWorkload } from '../support/workload';
import { growth, residentMiB, type Sample } from './memory';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly changesPerSecond: number;
  readonly report: (line: string) => void;
}

export interface SoakVerdict extends Verdict {
  readonly kills: number;
  /** Of the worker that lives through the second half, MiB a minute; null where memory cannot be read. */
  readonly growthMiBPerMinute: number | null;
  readonly peakMiB: number;
}

/** Between two kills at least; a worker has to come back, catch up and work for a while. */
const betweenKillsMs = 25_000;
/** Memory counts from here on: sessions are open, code is compiled, the heap has its size. */
const settledAfterMs = 30_000;

/**
 * A pipeline under a mixed load of several writers. In the first half workers are killed at drawn moments; through the
 * second one worker lives, and its memory is watched. Then everything is compared.
 */
export async function soak({ minutes, seed, changesPerSecond, report }: SoakOptions): Promise<SoakVerdict> {
  const random = seeded(seed);
  const scenario = await openScenario({ chunkRows: 100 });
  const rest = new AbortController();
  try {
    await scenario.startWorker();
    await scenario.startSync();
    await untilLive(scenario, 180);
    const halfMs = minutes * 30_000;
    let written = 0;
    const writing = runWorkload({
      ...{ source: scenario.source, seed: random.between(0, 1e9), changes: Number.MAX_SAFE_INTEGER, largest: 5_000 },
      ...{ changesPerSecond, signal: rest.signal, onProgress: (changes) => (written = changes) },
    });
    let kills = 0;
    let memory: readonly Sample[] = [];
    try {
      const firstHalf = Date.now() + halfMs;
      while (Date.now() < firstHalf) {
        await pause(Math.min(betweenKillsMs + random.between(0, 20_000), Math.max(0, firstHalf - Date.now())));
        await current(scenario).end('SIGKILL');
        await scenario.startWorker();
        kills += 1;
        report(`${written} changes written, ${kills} workers killed`);
      }
      memory = await watchMemory(current(scenario), halfMs, (mebibytes) =>
        report(`${written} changes written, ${mebibytes.toFixed(0)} MiB resident`),
      );
    } finally {
      rest.abort();
      await writing;
    }
    await settle(scenario, 300);
    await untilLive(scenario, 120);
    const settled = memory.filter(({ at }) => at * 1_000 >= settledAfterMs);
    return {
      ...(await judgeRun(scenario)),
      ...{ kills, growthMiBPerMinute: growth(settled) },
      peakMiB: Math.max(0, ...memory.map(({ mebibytes }) => mebibytes)),
    };
  } finally {
    rest.abort();
    await scenario.close();
  }
}

async function watchMemory(
  worker: WorkerProcess,
  ms: number,
  report: (mebibytes: number) => void,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const started = Date.now();
  for (let reported = started; Date.now() - started < ms;) {
    if (!worker.alive) throw new Error(`The worker that was to live has ended:\n${worker.tail()}`);
    const mebibytes = residentMiB(worker.pid);
    if (mebibytes !== null) samples.push({ at: (Date.now() - started) / 1_000, mebibytes });
    if (mebibytes !== null && Date.now() - reported > 30_000) {
      reported = Date.now();
      report(mebibytes);
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
