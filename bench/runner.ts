import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { BenchOptions } from './measure';
import type { Reading } from './meter';
import type { VariantName } from './variants';

export interface RunReading extends Reading {
  readonly changes: number;
}

/** What the process answers. */
export type Answer = { readonly reading: RunReading } | { readonly error: string };

/**
 * A process that runs one variant again and again. Of its own, so that its CPU and memory are nobody else's; the same
 * for all runs, because a worker runs for weeks and what is asked is how it works once it is warm.
 */
export interface Runner {
  run(spec: unknown): Promise<RunReading>;
  close(): Promise<void>;
}

export function openRunner(variant: VariantName, { profile }: Pick<BenchOptions, 'profile'>): Runner {
  const execArgv =
    profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${variant}.cpuprofile`];
  const child = fork(join(__dirname, 'child.js'), [variant], { execArgv });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    run: (spec) => ask(child, variant, spec),
    async close() {
      if (child.connected) child.disconnect();
      await gone;
    },
  };
}

function ask(child: ChildProcess, variant: string, spec: unknown): Promise<RunReading> {
  return new Promise((resolve, reject) => {
    const died = () => reject(new Error(`The process of ${variant} ended in the middle of a run.`));
    child.once('exit', died);
    child.once('message', (answer: Answer) => {
      child.off('exit', died);
      if ('reading' in answer) resolve(answer.reading);
      else reject(new Error(`${variant}: ${answer.error}`));
    });
    child.send(spec as object);
  });
}
