import { setTimeout as pause } from 'node:timers/promises';
import type { Deps } from '../activities/deps';
import { InvalidConfig } from '../model/errors';
import type { Log } from '../model/log';
import { parseSettings, type Settings } from '../model/settings';
import { listenForEnd, workerExitCodes } from './ending';
import { serveHealth, type Readiness, type WorkerState } from './health';
import { createLog } from './log';
import { createMetrics } from './metrics';
import { scrape } from './scrape';
import { installRuntime } from './telemetry';
import { createWorker, type SlipstreamWorker, type WorkerOptions } from './worker';

export interface ProgramOptions {
  /** As for `createWorker`. */
  readonly transforms?: WorkerOptions['transforms'];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** As for `createWorker`. */
  readonly deps?: (real: Deps) => Deps;
  /** Ends the process; what it does not end by itself, such as a library's idle socket, must not keep it. */
  readonly exit: (code: number) => void;
}

/** How often a starting worker asks whether its polls have reached Temporal. */
const lookMs = 50;

/**
 * The worker as a program: settings, log, health, Temporal, work; until a signal, then in reverse. Every way out of here
 * is a last line of the log and an exit code.
 */
export async function runProgram(options: ProgramOptions): Promise<void> {
  let log = createLog('info');
  try {
    const settings = parseSettings(options.environment);
    log = createLog(settings.logLevel);
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      // Nobody knows what state this left behind: no orderly end, which would write from it.
      process.on(event, (error: unknown) => fail(options, log, error));
    }
    await live(settings, log, options);
  } catch (error) {
    fail(options, log, error);
  }
}

async function live(settings: Settings, log: Log, options: ProgramOptions): Promise<void> {
  let state: WorkerState = 'starting';
  let worker: SlipstreamWorker | null = null;
  const ending = listenForEnd({
    seconds: settings.shutdownSeconds,
    log,
    waitingFor: () => worker?.waitingFor() ?? [],
    exit: options.exit,
    signals: process,
  });
  ending.signal.addEventListener('abort', () => {
    if (state !== 'failed') state = 'ending';
    if (worker) worker.shutdown();
    // Nothing is under way yet.
    else end(options, log);
  });

  const metrics = createMetrics();
  const telemetry = await installRuntime({ log, metrics: settings.httpPort !== null });
  const { httpHost: host, httpPort: port } = settings;
  if (port !== null) {
    const server = await serveHealth(
      { host, port },
      {
        state: () => state,
        readiness: () => readinessOf(state, worker),
        metrics: () => scrape(() => metrics.text(), telemetry.metricsUrl),
      },
    );
    log('info', 'health and metrics are served', { host, port: server.port });
  }

  const { environment, deps, transforms } = options;
  worker = await createWorker({
    ...{ environment, log, metrics, signal: ending.signal },
    ...(deps ? { deps } : {}),
    ...(transforms ? { transforms } : {}),
  });
  const running = worker.run((error) => {
    state = 'failed';
    log('error', "a worker of Temporal's SDK has failed; the others end", { error });
    ending.begin('failure');
  });
  await Promise.race([running, untilPolled(worker, ending.signal)]);
  if (!ending.signal.aborted) {
    state = 'polling';
    log('info', 'worker is polling', { taskQueue: settings.taskQueue, lanes: settings.lanes });
  }
  await running;
  end(options, log);
}

async function untilPolled(worker: SlipstreamWorker, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const missing = await worker.unpolled().catch(() => null);
    if (missing?.length === 0) return;
    await pause(lookMs);
  }
}

async function readinessOf(state: WorkerState, worker: SlipstreamWorker | null): Promise<Readiness> {
  if (state !== 'polling' || !worker) return { ready: false, state, waitingFor: worker?.waitingFor() ?? ['Temporal'] };
  try {
    const missing = await worker.unpolled();
    return { ready: missing.length === 0, state, waitingFor: missing.map((queue) => `polls of ${queue}`) };
  } catch {
    return { ready: false, state, waitingFor: ['Temporal, which does not answer'] };
  }
}

function end({ exit }: ProgramOptions, log: Log): void {
  log('info', 'worker has ended', {});
  exit(workerExitCodes.ok);
}

function fail({ exit }: ProgramOptions, log: Log, error: unknown): void {
  log('error', 'worker failed', { error: error instanceof Error ? error : new Error(String(error)) });
  exit(error instanceof InvalidConfig ? workerExitCodes.invalidConfig : workerExitCodes.failed);
}
