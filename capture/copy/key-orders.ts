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
  /** The first of its keys have been copied; it ends with the last. */
  advance(order: KeyOrder, part: { readonly keys: number; readonly copied: number; readonly deleted: number }): void;
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
  /** Of the order under way: how many of its keys are done. */
  let done = { request: '', keys: 0, copied: 0, deleted: 0 };

  function end(copied: KeysCopied): void {
    waiting = waiting.filter(({ request }) => request !== copied.request);
    ended = [...ended, copied].slice(-toldAtMost);
  }

  return {
    tell(orders) {
      waiting = orders.filter(({ request }) => !ended.some((each) => each.request === request));
    },
    get next() {
      const [first] = waiting;
      if (!first) return null;
      return first.request === done.request ? { ...first, keys: first.keys.slice(done.keys) } : first;
    },
    end,
    advance({ request, table, keys }, part) {
      const before = done.request === request ? done : { keys: 0, copied: 0, deleted: 0 };
      const [copied, deleted] = [before.copied + part.copied, before.deleted + part.deleted];
      done = { request, keys: before.keys + part.keys, copied, deleted };
      if (part.keys >= keys.length) end({ request, table, copied, deleted });
    },
    get ended() {
      return ended;
    },
  };
}
