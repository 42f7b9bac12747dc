import type { Log } from '../model/log';

/** How the worker's process ends; for supervisors and scripts. */
export const workerExitCodes = {
  ok: 0,
  /** Something failed for good: start it again. */
  failed: 1,
  /** The settings are wrong: starting it again changes nothing. */
  invalidConfig: 3,
  /** It was told to end, and did not within `SLIPSTREAM_SHUTDOWN_SECONDS`. */
  hung: 6,
} as const;

export interface Ending {
  /** Aborts at the first SIGTERM or SIGINT, or at `begin`. */
  readonly signal: AbortSignal;
  /** Ends the process without being told to by a signal: something has failed. */
  begin(why: string): void;
}

/**
 * The bound on an orderly end. From the first signal on the process has so many seconds; then it says what it still
 * waits for and is gone, which is as safe as `kill -9`: work is repeated, none is skipped. Further signals change
 * nothing, since a supervisor may send several.
 */
export function listenForEnd(options: {
  readonly seconds: number;
  readonly log: Log;
  /** Asked when the time is up. */
  readonly waitingFor: () => readonly string[];
  readonly exit: (code: number) => void;
  /** Where signals come from; injected by tests. */
  readonly signals: { on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown };
}): Ending {
  const { seconds, log, waitingFor, exit, signals } = options;
  const ending = new AbortController();
  let deadline = Infinity;

  const begin = (why: string) => {
    if (ending.signal.aborted) {
      const left = Math.max(0, Math.ceil((deadline - performance.now()) / 1_000));
      log('info', 'worker is ending already', { why, secondsLeft: left, waitingFor: waitingFor() });
      return;
    }
    deadline = performance.now() + seconds * 1_000;
    log('info', 'worker is ending', { why, seconds });
    setTimeout(() => {
      log('error', `worker did not end within ${seconds} s`, { waitingFor: waitingFor() });
      exit(workerExitCodes.hung);
    }, seconds * 1_000).unref();
    ending.abort();
  };
  // `on`, not `once`: with no listener left the next signal would kill the process in the middle of its end.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) signals.on(signal, () => begin(signal));
  return { signal: ending.signal, begin };
}
