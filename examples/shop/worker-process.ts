import { spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { CommandFailure } from '../../client/outcome';
import { projectFolder } from './project-folder';

export const workerScript = 'dist/worker/main.js';

/** A slice that ends returns its progress; longer than this it hangs. */
const endMs = 15_000;

export interface WorkerProcess {
  readonly pid: number;
  readonly logFile: string;
  /** False once it has ended, whoever ended it. */
  isRunning(): boolean;
  /** SIGTERM, then waits; SIGKILL when it does not end. Nothing happens when it has ended already. */
  stop(): Promise<void>;
}

/** Starts a worker in a process of its own, its output appended to `logFile`. It is never restarted from here. */
export function startWorker(environment: Readonly<Record<string, string>>, logFile: string): WorkerProcess {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const child = spawn(process.execPath, [join(projectFolder, workerScript)], {
    cwd: projectFolder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', log, log],
    // A group of its own: Ctrl-C in the terminal reaches us alone, and we end the worker when the traffic has ended.
    detached: true,
  });
  closeSync(log);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  const isRunning = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? 0,
    logFile,
    isRunning,
    async stop() {
      if (!isRunning()) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), endMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Resolves when Temporal has heard of this very process. Throws CommandFailure with the end of its log. */
export async function untilPolling(options: {
  worker: WorkerProcess;
  client: Client;
  namespace: string;
  taskQueue: string;
  signal: AbortSignal;
}): Promise<void> {
  const { worker, client, namespace, taskQueue, signal } = options;
  const deadline = Date.now() + 60_000;
  for (;;) {
    signal.throwIfAborted();
    if (!worker.isRunning()) throw new CommandFailure('failed', `The worker ended at once. ${logEnd(worker)}`);
    // Pollers are remembered for minutes: one of an earlier worker says nothing about this one, so the pid counts.
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: 1,
    });
    if (pollers?.some(({ identity }) => identity?.split('@')[0] === String(worker.pid))) return;
    if (Date.now() > deadline) {
      throw new CommandFailure('timeout', `The worker does not poll after 60 s. ${logEnd(worker)}`);
    }
    await pause(200, undefined, { signal });
  }
}

/** The last lines of a worker's log, for an error message. */
export function logEnd({ logFile }: { readonly logFile: string }): string {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-8);
  return `The end of ${logFile}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
