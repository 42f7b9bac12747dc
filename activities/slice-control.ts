import type { Context } from '@temporalio/activity';
import type { ActivityCancellationDetails } from '@temporalio/common';
import { Unavailable } from '../model/errors';
import type { SliceEnd } from './activities';

/** What a cancelled slice does: return its progress, or throw because the attempt is no longer the one that counts. */
export type Ending =
  { readonly kind: 'return'; readonly ended: SliceEnd } | { readonly kind: 'throw'; readonly why: string };

/** Pure: how a slice ends for what Temporal says of its cancellation. */
export function endingOf(details: Partial<ActivityCancellationDetails> | undefined): Ending {
  if (details?.notFound) return { kind: 'throw', why: 'Temporal no longer knows this attempt' };
  if (details?.timedOut) return { kind: 'throw', why: 'this attempt has timed out and another may run' };
  if (details?.paused) return { kind: 'throw', why: 'the activity was paused' };
  if (details?.reset) return { kind: 'throw', why: 'the activity was reset' };
  if (details?.workerShutdown) return { kind: 'return', ended: 'worker-shutdown' };
  return { kind: 'return', ended: 'cancelled' };
}

/**
 * One slice's relation to Temporal: when to stop, how to end, and the heartbeat.
 *
 * A process that was stopped (SIGSTOP, a frozen machine) wakes up without knowing it: Temporal tells a timed-out
 * attempt only seconds later. So the slice watches its own clock: a gap longer than the heartbeat timeout between two
 * ticks means that a successor may be at work, and this attempt writes no more. It is a courtesy: the fence in the store
 * is what guarantees it.
 */
export class SliceControl<Progress> implements Disposable {
  private readonly abort = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private lastTick: number;
  private latest: Progress | null = null;
  private frozen = false;

  constructor(
    private readonly context: Context,
    private readonly clock: () => number,
    /** `measured`: progress as it is at a beat of the timer's; without it, as it was told last. */
    options: { readonly beatByTimer: boolean; readonly measured?: () => Progress },
  ) {
    this.lastTick = clock();
    const heartbeatMs = context.info.heartbeatTimeoutMs ?? 10_000;
    // The listener runs outside the activity's async context: everything it needs is in `context`.
    context.cancellationSignal.addEventListener('abort', () => this.abort.abort(), { once: true });
    if (context.cancellationSignal.aborted) this.abort.abort();
    this.timer = setInterval(
      () => {
        this.checkClock();
        if (!options.beatByTimer || this.signal.aborted) return;
        context.heartbeat(this.latest === null ? null : (options.measured?.() ?? this.latest));
      },
      Math.min(1_000, heartbeatMs / 4),
    );
  }

  /** Aborted when the slice must stop, for whatever reason. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** Tells Temporal how far the slice has come: positions and counts, never rows (Invariant 6). */
  beat(progress: Progress): void {
    this.latest = progress;
    this.checkClock();
    if (!this.signal.aborted) this.context.heartbeat(progress);
  }

  /** Throws if this attempt must not return its progress; else says how it ended. Call once the signal is aborted. */
  end(): SliceEnd {
    if (this.frozen) {
      throw new Unavailable(
        'This process stood still for longer than its heartbeat timeout; another attempt may have taken over.',
      );
    }
    const ending = endingOf(this.context.cancellationDetails);
    if (ending.kind === 'throw') throw new Unavailable(`The slice stopped: ${ending.why}.`);
    return ending.ended;
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer);
  }

  private checkClock(): void {
    const now = this.clock();
    const limit = this.context.info.heartbeatTimeoutMs ?? 10_000;
    if (now - this.lastTick > limit) {
      this.frozen = true;
      this.abort.abort();
    }
    this.lastTick = now;
  }
}
