import type { LaneSession } from './deps';
import { withBatch } from './lane-session';
import type { MicroBatch } from './micro-batches';

/** Batches that the store was handed and has not answered for, in their order, and what it does not durably hold of them. */
export class HandedOver {
  private readonly underWay: Promise<void>[] = [];
  private readonly unsettled: MicroBatch[] = [];

  /** What the store does not durably hold yet; null: it holds all that it was handed. */
  get inHand(): LaneSession['inHand'] {
    return this.unsettled.reduce<LaneSession['inHand']>(withBatch, null);
  }

  add(batch: MicroBatch, applying: Promise<void>): void {
    this.unsettled.push(batch);
    this.underWay.push(applying);
    applying.catch(() => undefined); // awaited by `settle`
  }

  /** The store durably holds this batch, and with it all before. */
  isDurable(batch: MicroBatch): void {
    this.unsettled.splice(0, this.unsettled.indexOf(batch) + 1);
  }

  /**
   * Resolves when at most `left` are under way. Rejects with the first error when none is any more: a write that ends after
   * its failure was told would be a late one.
   */
  async settle(left = 0): Promise<void> {
    while (this.underWay.length > left) {
      try {
        await this.underWay[0];
      } catch (error) {
        await Promise.allSettled(this.underWay);
        throw error;
      }
      void this.underWay.shift();
    }
  }
}
