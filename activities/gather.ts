import { setTimeout as pauseFor } from 'node:timers/promises';
import type { LaneReader } from '../stream/log';
import type { Store } from '../stores/store';

/** A batch of so many records has grown enough. */
const enoughRecords = 1_000;

/**
 * A lane that has caught up hands over small batches, and each has its price at the store. Where readers see what was
 * written only from time to time (`Store.gatherMs`), the next one may grow a little first. A backlog waits for nothing.
 */
export class Gather {
  private handedAt = -Infinity;

  constructor(
    private readonly from: { readonly store: Pick<Store, 'gatherMs'>; readonly reader: Pick<LaneReader, 'ahead'> },
    private readonly clock: () => number,
    private readonly pause = pauseUnlessAborted,
  ) {}

  /** The store has been handed a batch just now. */
  handedOver(): void {
    this.handedAt = this.clock();
  }

  /** Milliseconds for which the next batch may still grow. */
  leftMs(): number {
    const { store, reader } = this.from;
    if (store.gatherMs === 0 || reader.ahead().records >= enoughRecords) return 0;
    return Math.max(0, this.handedAt + store.gatherMs - this.clock());
  }

  /** Resolves when the next batch is worth being taken, or when the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    const left = this.leftMs();
    if (left > 0) await this.pause(left, signal);
  }
}

async function pauseUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  await pauseFor(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
