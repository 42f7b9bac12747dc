import type { LaneSession } from './deps';
import { withPiece } from './lane-session';
import type { MicroBatch } from './micro-batches';

/** What is kept of a batch. Not its rows: a transaction that the store holds open may be of any size (Invariant 10). */
type Piece = Pick<MicroBatch, 'next' | 'closed' | 'positionAt'> & { readonly count: number };

/** Batches that the store was handed and has not answered for, in their order, and what it does not durably hold of them. */
export class HandedOver {
  private readonly underWay: Promise<void>[] = [];
  private readonly unsettled: Piece[] = [];

  /** What the store does not durably hold yet; null: it holds all that it was handed. */
  get inHand(): LaneSession['inHand'] {
    return this.unsettled.reduce<LaneSession['inHand']>(withPiece, null);
  }

  add({ next, closed, positionAt, records }: MicroBatch, applying: Promise<void>): void {
    this.unsettled.push({ next, closed, positionAt, count: records.length });
    this.underWay.push(applying);
    applying.catch(() => undefined); // awaited by `settle`
  }

  /** The store durably holds this batch, and with it all before. */
  isDurable({ next }: MicroBatch): void {
    this.unsettled.splice(0, this.unsettled.findIndex((piece) => piece.next === next) + 1);
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
