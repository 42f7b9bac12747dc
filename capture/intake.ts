import type { Change } from '../model/change';
import { Blocked } from '../model/errors';
import { translateSourceError } from './source/connection';
import type { LogicalMessage } from '../model/message';
import type { TableSchema } from '../model/schema';
import type { EncodedRecord, PositionRecord } from '../stream/log';
import type { MessageCounting } from './messages';
import type { Pending } from './pending';
import { decodeWalMessage } from './pgoutput';
import type { ReplicationHandlers } from './replication';
import { createTransactions, type TransactionSink } from './transactions';

/** Pending bytes at which the socket is paused, and below which it is read again (Invariant 10). */
const pauseBytes = 4 * 1024 * 1024;
const resumeBytes = pauseBytes / 2;

/**
 * Twice the largest record that may be declared: an update carries its row twice. Beyond it texts and encoded bytes of one
 * row are more than a worker has, and it would die of it again and again without a word.
 */
const largestMessageBytes = (2 * 64 + 8) * 1024 * 1024;

/** The side of capture that the socket pushes into. */
export interface Intake {
  readonly handlers: ReplicationHandlers;
  /** Where the stream stands, when no transaction is open in it. */
  closedPoint(): string | null;
  /** Why the stream is over. What was complete before is pending still. */
  readonly failure: Error | null;
  /** Counts whatever came from the socket: a number that stands still means a server that is silent. */
  readonly arrived: number;
  /** The server has said that nothing waits, and nothing came since. */
  readonly idle: boolean;
  /** True once after the server described a captured table. */
  takeDescribed(): boolean;
  /** Too much is pending: stop reading. */
  readonly full: boolean;
  /** Begins a new observation of idleness. */
  watchIdle(): void;
  fail(error: unknown): void;
}

export function createIntake(input: {
  readonly tables: readonly TableSchema[];
  readonly last: PositionRecord;
  readonly encode: (change: Change) => EncodedRecord[];
  readonly messages: MessageCounting;
  /** null for one of a prefix that nobody declared. */
  readonly encodeMessage: (message: LogicalMessage) => EncodedRecord | null;
  readonly pending: Pending;
  /** Told besides, in the stream's order. */
  readonly copy: Pick<TransactionSink, 'begin' | 'touched' | 'truncated'> & { closed(lsn: string): void };
  /** Stops the socket until the loop has made room. */
  readonly pause: () => void;
  /** Something changed that the loop may be waiting for. */
  readonly wake: () => void;
}): Intake {
  const { pending, copy, wake, last } = input;
  let closedLsn = last.closed ? last.position.lsn : null;
  let failure: Error | null = null;
  let arrived = 0;
  let idle = false;
  let described = false;
  let full = false;

  const transactions = createTransactions({
    tables: input.tables,
    last: last.position,
    messages: input.messages,
    sink: {
      begin: (xid) => copy.begin(xid),
      touched: (table, key) => copy.touched(table, key),
      truncated: (table) => copy.truncated(table),
      truncation: (truncation) => pending.addTruncation(truncation),
      change: (change) => pending.addChange(input.encode(change), change.position),
      message(message) {
        const record = input.encodeMessage(message);
        if (record) pending.addChange([record], message.position);
      },
      closed(lsn, committedAt) {
        closedLsn = lsn;
        pending.close(lsn, committedAt);
        // After `close`: a chunk that may go now belongs behind everything before this point.
        copy.closed(lsn);
        wake();
      },
      described: () => (described = true),
    },
  });

  function fail(error: unknown): void {
    if (failure) return;
    failure = translateSourceError(error);
    // What stands behind the last closed point is streamed again by the next session, whole.
    pending.dropOpen();
    wake();
  }

  return {
    handlers: {
      onMessage(payload) {
        arrived += 1;
        idle = false;
        if (payload.length > largestMessageBytes) throw tooLarge(payload, input.tables);
        transactions.accept(decodeWalMessage(payload));
        // At once and here, since the loop may be waiting for an append that takes minutes.
        if (pending.bytes >= pauseBytes) input.pause();
        if (pending.overflowing) wake();
      },
      onKeepalive(walEnd) {
        arrived += 1;
        transactions.keepalive(walEnd);
        if (!transactions.open) idle = true;
        wake();
      },
      onEnd: fail,
    },
    closedPoint: () => (transactions.open ? null : closedLsn),
    get failure() {
      return failure;
    },
    get arrived() {
      return arrived;
    },
    get idle() {
      return idle;
    },
    takeDescribed() {
      const was = described;
      described = false;
      return was;
    },
    get full() {
      full = pending.bytes >= (full ? resumeBytes : pauseBytes);
      return full;
    },
    watchIdle: () => void (idle = false),
    fail,
  };
}

/** Not decoded: inserts, updates and deletes name their table behind the first byte. */
function tooLarge(payload: Buffer, tables: readonly TableSchema[]): Blocked {
  const table = tables.find(({ relationId }) => relationId === payload.readUInt32BE(1))?.name;
  return new Blocked(
    'oversized',
    `The source sent ${payload.length} bytes at once${table ? ` for a row of ${table}` : ''}, and capture takes ` +
      `${largestMessageBytes}. Nothing from its transaction on was confirmed. Begin a new log with a new pipeline once the row ` +
      'is smaller, or without its table.',
  );
}
