import type { KeysCopied } from '../../model/status';
import type { KeyOrder } from './copier';

/** Enough for any workflow to hear of its own; heartbeats carry them. */
const toldAtMost = 8;

/** Orders to copy single rows: in the order they came, each known by its name for as long as the session lives. */
export interface KeyOrders {
  /** Tells all that are in force: those already known are left as they are, those no longer told are forgotten. */
  tell(orders: readonly KeyOrder[]): void;
  /** First in line; null: none. */
  readonly next: KeyOrder | null;
  end(copied: KeysCopied): void;
  /** The last ones that ended, oldest first. */
  readonly ended: readonly KeysCopied[];
}

/**
 * Kept in memory alone: an order that a crash overtakes is told again and obeyed again, and rows that are read a second
 * time are what they are.
 */
export function createKeyOrders(): KeyOrders {
  let waiting: readonly KeyOrder[] = [];
  let ended: readonly KeysCopied[] = [];
  return {
    tell(orders) {
      waiting = orders.filter(({ request }) => !ended.some((each) => each.request === request));
    },
    get next() {
      return waiting[0] ?? null;
    },
    end(copied) {
      waiting = waiting.filter(({ request }) => request !== copied.request);
      ended = [...ended, copied].slice(-toldAtMost);
    },
    get ended() {
      return ended;
    },
  };
}
