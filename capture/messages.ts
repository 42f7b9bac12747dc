import type { PositionRecord } from '../stream/log';

/** Whether the server is to send messages, and in which transactions they count. */
export interface MessageCounting {
  /** They are wanted, or a transaction that is half on the log was counted with them. */
  readonly asked: boolean;
  /** The indexes of the transaction that commits at this LSN (decimal digits) include its messages. */
  counts(commitLsn: string): boolean;
}

/**
 * Positions are counted with all messages or with none, and the pipeline may begin to want them, or cease to, while a
 * transaction is half on the log. That one transaction is finished as it was begun, or its indexes would no longer say
 * what the log holds of it (Invariant 2): begun without, its messages are passed over to its end; begun with them, the
 * server is asked for them once more.
 */
export function countMessages(wanted: readonly string[], last: PositionRecord): MessageCounting {
  const counted = last.messages === true;
  const asked = wanted.length > 0 || (!last.closed && counted);
  const begunWithout = !last.closed && !counted ? last.position.lsn : null;
  return { asked, counts: (commitLsn) => asked && commitLsn !== begunWithout };
}
