import { setTimeout as pause } from 'node:timers/promises';
import type { PipelineStatus } from '../model/status';
import { CommandFailure, outcomeOf } from './outcome';

/** What a look at a pipeline means to somebody who waits for it. */
export type Verdict =
  | { readonly kind: 'ready' }
  | { readonly kind: 'waiting'; readonly for: string }
  | { readonly kind: 'hopeless'; readonly message: string };

/** A store that is this close follows: under steady writes there is always something on its way. */
const closeSeconds = 1;

/** Pure: LIVE everywhere and close behind is ready; BLOCKED and STOPPED do not pass by themselves. */
export function verdict(status: PipelineStatus): Verdict {
  const parts = [
    { name: 'capture', lag: 0, ...status.capture },
    ...Object.values(status.stores).map((store) => ({ name: store.store, lag: lagOf(store), ...store })),
  ];
  for (const { name, status: state, problem } of parts) {
    // Right after a `start`, a part still answers with the end of its run before: it is stopped when the pipeline is.
    const stopped = state === 'STOPPED' && status.status === 'STOPPED';
    if (state !== 'BLOCKED' && !stopped) continue;
    const why = problem ? `: ${problem.reason ?? problem.type}. ${problem.message}` : '.';
    return { kind: 'hopeless', message: `${name} of ${status.pipeline} is ${state}${why}` };
  }
  const waiting = parts.filter(({ status: state, lag }) => state !== 'LIVE' || lag > closeSeconds);
  if (waiting.length === 0) return { kind: 'ready' };
  return { kind: 'waiting', for: waiting.map(({ name, status: state }) => `${name} (${state})`).join(', ') };
}

function lagOf(store: PipelineStatus['stores'][string]): number {
  const live = store.generations.find((generation) => generation.role === 'live');
  return live?.progress?.lagSeconds ?? 0;
}

/**
 * Resolves with the status that was ready. Throws CommandFailure: timeout with what was still missing, failed when
 * waiting longer cannot help.
 */
export async function waitUntilReady(options: {
  readonly read: () => Promise<PipelineStatus>;
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
}): Promise<PipelineStatus> {
  const deadline = Date.now() + options.timeoutSeconds * 1_000;
  let missing = 'a first answer';
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      const status = await options.read();
      const found = verdict(status);
      if (found.kind === 'ready') return status;
      if (found.kind === 'hopeless') throw new CommandFailure('failed', found.message);
      missing = found.for;
    } catch (error) {
      // A worker that restarts is what people wait for.
      if (outcomeOf(error) !== 'unreachable') throw error;
      missing = 'a worker that answers';
    }
    if (Date.now() >= deadline) {
      throw new CommandFailure('timeout', `After ${options.timeoutSeconds} s still waiting for ${missing}.`);
    }
    await pause(500, undefined, options.signal ? { signal: options.signal } : {});
  }
}
