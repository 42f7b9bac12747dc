import type { Change } from '../model/change';
import { Blocked } from '../model/errors';
import { translateSourceError } from './source/connection';
import type { LogicalMessage } from '../model/message';
import type { TableSchema } from '../model/schema';
import type { EncodedRecord, PositionRecord } from '../stream/log';
import type { MessageCounting } from './messages';
import { unitBounds, type Pending } from './pending';
import type { Layouts } from './layouts';
import { decodeWalMessage, type Relation } from './pgoutput';
import { largestMessageBytes, type ReplicationHandlers } from './replication';
import type { Straight } from './straight';
import { createTransactions, type TransactionSink } from './transactions';

/**
 * Pending bytes at which the socket is paused, and below which it is read again (Invariant 10). The next append is made ready
 * while Kafka answers to the last, and the one behind it begun: with less the stream would rest at each of them. It is read
 * again as soon as a part has gone: had it to wait for more, every third append would find the remainder of a unit.
 */
const pauseBytes = 2 * unitBounds.bytes;
const resumeBytes = pauseBytes - unitBounds.bytes / 4;

/** The side of capture that the socket pushes into. */
export interface Intake {
  readonly handlers: ReplicationHandlers;
  /** Where the stream stands, when no transaction is open in it. */
  closedPoint(): string | null;
  /** Why the stream is over. What was complete before is pending still. */
  readonly failure: Error | null;
  /** Counts whatever came from the socket: a number that stands still means a server that is silent. */
  readonly arrived: number;
  /** Of these, what belongs to transactions: a server may answer all day and send none of them. */
  readonly received: number;
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
  readonly layouts: Layouts;
  readonly readBack: boolean;
  /** What follows is of this version of its table. */
  readonly described: (table: TableSchema) => void;
  readonly last: PositionRecord;
  readonly encode: (change: Change) => EncodedRecord[];
  readonly straight: Straight;
  readonly messages: MessageCounting;
  /** null for one of a prefix that nobody declared. */
  readonly encodeMessage: (message: LogicalMessage) => EncodedRecord | null;
  readonly pending: Pending;
  /** Told besides, in the stream's order. */
  readonly copy: Pick<TransactionSink, 'begin' | 'touched' | 'truncated' | 'watches'> & { closed(lsn: string): void };
  /** Stops the socket until the loop has made room. */
  readonly pause: () => void;
  /** Something changed that the loop may be waiting for. */
  readonly wake: () => void;
}): Intake {
  const { pending, copy, wake, last } = input;
  let closedLsn = last.closed ? last.position.lsn : null;
  let failure: Error | null = null;
  let arrived = 0;
  let received = 0;
  let idle = false;
  let described = false;
  let full = false;
  /** What came behind a description that is being looked up; null when none is. */
  let backlog: (() => void)[] | null = null;

  const transactions = createTransactions({
    tables: input.tables,
    layouts: input.layouts,
    readBack: input.readBack,
    last: last.position,
    straight: input.straight,
    messages: input.messages,
    sink: {
      begin: (xid) => copy.begin(xid),
      touched: (table, key) => copy.touched(table, key),
      truncated: (table) => copy.truncated(table),
      truncation: (truncation) => pending.addTruncation(truncation),
      change: (change) => pending.addChange(input.encode(change), change.position),
      encoded: (records, position) => pending.addChange(records, position),
      watches: (table) => copy.watches(table),
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
      described(table) {
        described = true;
        input.described(table);
      },
    },
  });

  function fail(error: unknown): void {
    backlog = null;
    if (failure) return;
    failure = translateSourceError(error);
    // What stands behind the last closed point is streamed again by the next session, whole.
    pending.dropOpen();
    wake();
  }

  function onMessage(payload: Buffer): void {
    arrived += 1;
    received += 1;
    idle = false;
    if (backlog) {
      const copy = Buffer.from(payload); // the view does not outlive this call
      backlog.push(() => onMessage(copy));
      return;
    }
    if (!transactions.acceptStraight(payload)) {
      const message = decodeWalMessage(payload);
      if (message.kind === 'relation' && !input.layouts.knows(message.relation)) return learn(message.relation);
      transactions.accept(message);
    }
    // At once and here, since the loop may be waiting for an append that takes minutes.
    if (pending.bytes >= pauseBytes) input.pause();
    if (pending.overflowing) wake();
  }

  function onEnd(error: Error): void {
    if (backlog) backlog.push(() => fail(error));
    else fail(error);
  }

  function onKeepalive(walEnd: bigint): void {
    arrived += 1;
    if (backlog) {
      backlog.push(() => onKeepalive(walEnd));
      return;
    }
    transactions.keepalive(walEnd);
    if (!transactions.open) idle = true;
    wake();
  }

  /** The stream stands still until the source has told what the description means; only what was read already waits. */
  function learn(relation: Relation): void {
    backlog = [];
    input.pause();
    input.layouts
      .learn(relation)
      .then(() => {
        const waiting = backlog ?? [];
        backlog = null;
        transactions.accept({ kind: 'relation', relation });
        // Another description among them takes those behind it into its own backlog, in order.
        for (const next of waiting) next();
        wake();
      })
      .catch(fail);
  }

  return {
    handlers: { onMessage, onOversized: (head, bytes) => tooLarge(head, bytes, input.tables), onKeepalive, onEnd },
    closedPoint: () => (transactions.open ? null : closedLsn),
    get failure() {
      return failure;
    },
    get arrived() {
      return arrived;
    },
    get received() {
      return received;
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
      return full || backlog !== null;
    },
    watchIdle: () => void (idle = false),
    fail,
  };
}

/** Not read: inserts, updates and deletes name their table behind the first byte. */
function tooLarge(head: Buffer, bytes: number, tables: readonly TableSchema[]): Blocked {
  const table = tables.find(({ relationId }) => relationId === head.readUInt32BE(1))?.name;
  return new Blocked(
    'oversized',
    `The source sent ${bytes} bytes at once${table ? ` for a row of ${table}` : ''}, and capture takes ` +
      `${largestMessageBytes}. Nothing from its transaction on was confirmed. Begin a new log with a new pipeline once the row ` +
      'is smaller, or without its table.',
  );
}
