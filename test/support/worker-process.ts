import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { compiled } from './project';
import { misdeedsVariable, type Misdeeds } from './misdeeds';
import { waitFor } from './wait';

/** A worker as people run it: a process of its own, from compiled code. */
export interface WorkerProcess {
  readonly pid: number;
  readonly logFile: string;
  readonly alive: boolean;
  /** SIGSTOP and SIGCONT included. */
  signal(signal: NodeJS.Signals): void;
  /** Sends it (default SIGKILL) and resolves when the process is gone. */
  end(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves when the process is gone by itself. */
  death(seconds: number): Promise<NodeJS.Signals | null>;
  /** The last lines of its log. */
  tail(lines?: number): string;
}

export interface WorkerOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** What this worker does wrong; none: the shipped program. */
  readonly misdeeds?: Misdeeds;
  /** Another entry than the shipped one: its path in the project, compiled. */
  readonly program?: string;
  /** Of its JavaScript objects; what is outside of them (buffers) comes on top. */
  readonly heapMebibytes?: number;
}

/** As `npm run worker` and the image have it; a unit test holds them together. */
export const allocatorSettings = { MALLOC_MMAP_THRESHOLD_: '262144' } as const;

/** Resolves when the worker polls its task queues. */
export async function startWorker(options: WorkerOptions): Promise<WorkerProcess> {
  const { environment, logFile, misdeeds, heapMebibytes = 512 } = options;
  const log = openSync(logFile, 'a');
  const marker = misdeeds?.crash?.marker;
  const crashedBefore = marker !== undefined && existsSync(marker);
  // A worker that is told to may die, or stand still, before Temporal has seen it poll.
  const crashed = () => marker !== undefined && !crashedBefore && existsSync(marker);
  const program = compiled(options.program ?? (misdeeds ? 'test/support/sabotaged-worker.js' : 'worker/main.js'));
  const child = spawn(process.execPath, [`--max-old-space-size=${heapMebibytes}`, program], {
    env: {
      ...allocatorSettings,
      ...process.env,
      ...environment,
      ...(misdeeds ? { [misdeedsVariable]: JSON.stringify(misdeeds) } : {}),
    },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const worker = processOf(child, logFile);
  try {
    await waitFor({
      what: 'the worker to poll',
      seconds: 60,
      look: () =>
        Promise.resolve({
          polling: worker.tail(1000).includes('worker is polling'),
          alive: worker.alive,
          crashed: crashed(),
        }),
      until: (seen) => seen.polling || seen.crashed || !seen.alive,
      evidence: () => worker.tail(),
    });
  } catch (error) {
    // Nobody else knows of it yet.
    await worker.end('SIGKILL');
    throw error;
  }
  if (!worker.alive && !crashed()) throw new Error(`The worker ended at once:\n${worker.tail()}`);
  return worker;
}

function processOf(child: ChildProcess, logFile: string): WorkerProcess {
  const { pid } = child;
  if (pid === undefined) throw new Error('The worker could not be started.');
  const alive = () => child.exitCode === null && child.signalCode === null;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const begin = readFileSync(logFile).length;
  const tail = (lines = 30) =>
    readFileSync(logFile).subarray(begin).toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  return {
    pid,
    logFile,
    get alive() {
      return alive();
    },
    signal: (signal) => void child.kill(signal),
    async end(signal = 'SIGKILL') {
      if (!alive()) return;
      child.kill(signal);
      await gone;
    },
    async death(seconds) {
      await waitFor({
        what: `worker ${pid} to die`,
        seconds,
        look: () => Promise.resolve(alive()),
        until: (stillAlive) => !stillAlive,
        evidence: () => tail(),
      });
      return child.signalCode;
    },
    tail,
  };
}
