import type { Change, Operation, Row } from '../model/change';
import { Blocked } from '../model/errors';
import type { LogicalMessage } from '../model/message';
import type { Position } from '../model/position';
import type { TableSchema } from '../model/schema';
import type { EncodedRecord } from '../stream/log';
import type { MessageCounting } from './messages';
import type { Truncation } from './pending';
import type { OldTuple, Relation, Tuple, WalMessage } from './pgoutput';
import type { Layouts } from './layouts';
import type { Straight } from './straight';
import { completed, layoutOf, rowOf, type Captured } from './rows';

/** What comes out, in commit order. */
export interface TransactionSink {
  /** A transaction begins: from here on it counts as streamed. */
  begin(xid: number): void;
  /** A key the stream says was written, known changes included: the copy must not overwrite it with an older row. */
  touched(table: string, key: Row): void;
  /** A change the log does not hold yet. */
  change(change: Change): void;
  /** The same, as the records it makes. Only of tables that nobody `watches`: those of others are told of with their rows. */
  encoded(records: readonly EncodedRecord[], position: Position): void;
  /** Somebody wants to be told of this table's keys now. */
  watches(table: string): boolean;
  /** A logical message the log does not hold yet, whatever its prefix. */
  message(message: LogicalMessage): void;
  /** Every row of a table is gone, those the log does not hold yet included; the copy must bring none of them back. */
  truncated(table: string): void;
  /** The same, as a change the log does not hold yet. */
  truncation(truncation: Truncation): void;
  /** Everything whose commit LSN is below `lsn` has come out. `committedAt` is null for a keepalive. */
  closed(lsn: string, committedAt: number | null): void;
  /** The server described a captured table (again): what follows is of this version of it. */
  described(table: TableSchema): void;
}

export interface Transactions {
  accept(message: WalMessage): void;
  /** Takes a message as it came, if it is a change that need not be decoded. False: it is as if it had not been offered. */
  acceptStraight(payload: Buffer): boolean;
  /** A position the server says it has decoded and sent everything before. */
  keepalive(walEnd: bigint): void;
  /** A transaction has begun and not ended. */
  readonly open: boolean;
}

interface Open {
  readonly commitLsn: bigint;
  readonly lsn: string;
  readonly xid: number;
  readonly committedAt: number;
  /** Changes up to and including this index are in the log already. */
  readonly knownUpTo: number;
  readonly countsMessages: boolean;
  index: number;
}

type Said = Extract<WalMessage, { kind: 'message' }>;

/**
 * Turns the messages of one replication stream into changes with positions. `last` is the log's last position: what
 * stands at or below it is skipped (Invariant 2), yet counted and reported as touched. Throws `Blocked` for what must
 * not be passed over: a table whose key has changed, a row that cannot be completed.
 */
export function createTransactions(input: {
  readonly tables: readonly TableSchema[];
  readonly layouts: Pick<Layouts, 'of'>;
  /** Long values that an update left alone may be absent from its record: they are read at the source. */
  readonly readBack?: boolean;
  readonly last: Position;
  /** Writes ordinary rows without decoding them. */
  readonly straight: Straight;
  /** Which indexes count messages: those of `last` may not. */
  readonly messages: Pick<MessageCounting, 'counts'>;
  readonly sink: TransactionSink;
}): Transactions {
  const { sink, readBack = false } = input;
  const byId = new Map(input.tables.map((table) => [table.relationId, table]));
  const captured = new Map<number, Captured>();
  const lastLsn = BigInt(input.last.lsn);
  let open: Open | null = null;
  // A new stream begins at or before the last position: closed points up to there are in the log.
  let closedLsn = lastLsn;

  function begin(message: Extract<WalMessage, { kind: 'begin' }>): void {
    if (open) throw outOfOrder('a transaction begins inside another');
    const { commitLsn, committedAt, xid } = message;
    const knownUpTo = commitLsn < lastLsn ? Infinity : commitLsn === lastLsn ? input.last.index : 0;
    const lsn = commitLsn.toString();
    const countsMessages = input.messages.counts(lsn);
    open = { commitLsn, lsn, xid, committedAt, knownUpTo, countsMessages, index: 0 };
    sink.begin(xid);
  }

  function close(lsn: bigint, committedAt: number | null): void {
    // Keepalives repeat, and what is streamed again after a reconnect ends below the log's last position.
    if (lsn <= closedLsn) return;
    closedLsn = lsn;
    sink.closed(lsn.toString(), committedAt);
  }

  function describe(relation: Relation): void {
    const schema = input.layouts.of(relation);
    if (schema === null) return;
    captured.set(relation.relationId, layoutOf(relation, schema));
    input.straight.describe(relation, schema);
    sink.described(schema);
  }

  /** The table's layout; null for a table of the publication that the pipeline does not capture. */
  function tableOf(relationId: number): Captured | null {
    const table = captured.get(relationId);
    if (table) return table;
    const schema = byId.get(relationId);
    if (schema) throw outOfOrder(`a change of ${schema.name} came before its description`);
    return null;
  }

  function emit(
    table: Captured,
    operation: Operation,
    rows: Pick<Change, 'key' | 'before' | 'after' | 'absent'>,
  ): void {
    const transaction = inside(open);
    transaction.index += 1;
    sink.touched(table.name, rows.key);
    // Invariant 2: what stands at or below the last position record is in the log; a second time would be a duplicate.
    if (transaction.index <= transaction.knownUpTo) return;
    sink.change({
      table: table.name,
      operation,
      ...rows,
      position: { lsn: transaction.lsn, index: transaction.index },
      schemaId: table.schemaId,
      transaction: { xid: transaction.xid, committedAt: transaction.committedAt },
    });
  }

  function acceptStraight(payload: Buffer): boolean {
    // What is in the log already is only counted (Invariant 2), and whom the copy must not overwrite is told by its key.
    if (!open || open.index < open.knownUpTo) return false;
    const table = payload.length < 8 ? undefined : captured.get(payload.readUInt32BE(1));
    if (!table || sink.watches(table.name)) return false;
    const index = open.index + 1;
    const records = input.straight.encode(payload, open, index);
    if (!records) return false;
    open.index = index;
    sink.encoded(records, { lsn: open.lsn, index });
    return true;
  }

  function update(table: Captured, old: OldTuple | null, tuple: Tuple): void {
    const { row: after, ...absent } = completed(table, { tuple, old, readBack });
    const before = old?.kind === 'row' ? rowOf(table, old.values) : null;
    const key = table.keyOf(after);
    // With the key alone, what is no part of it is NULL, and is not looked at.
    const oldKey = old === null ? key : table.keyOf(before ?? rowOf(table, old.values));
    if (Object.keys(key).some((column) => oldKey[column] !== key[column])) {
      // Two keys are two documents, perhaps in two partitions: the old one must go and the new one come.
      emit(table, 'delete', { key: oldKey, before: before ?? oldKey, after: null });
      emit(table, 'create', { key, before: null, after, ...absent });
    } else {
      emit(table, 'update', { key, before, after, ...absent });
    }
  }

  /**
   * One position for each table of the statement, in its order, those of the publication that are not captured counted
   * too. How many rows that is is found when its turn comes, so it cannot be part of the count: after a crash in the
   * middle there are fewer.
   */
  function truncate(relationIds: readonly number[]): void {
    const transaction = inside(open);
    for (const id of relationIds) {
      transaction.index += 1;
      const table = tableOf(id);
      if (!table) continue;
      sink.truncated(table.name);
      if (transaction.index <= transaction.knownUpTo) continue; // Invariant 2
      sink.truncation({
        table: table.name,
        position: { lsn: transaction.lsn, index: transaction.index },
        schemaId: table.schemaId,
        transaction: { xid: transaction.xid, committedAt: transaction.committedAt },
      });
    }
  }

  /** In its transaction: at a position like a change's. */
  function said({ prefix, content }: Said): void {
    const transaction = inside(open);
    if (!transaction.countsMessages) return;
    transaction.index += 1;
    if (transaction.index <= transaction.knownUpTo) return; // Invariant 2
    const { lsn, index, xid, committedAt } = transaction;
    sink.message({ prefix, content, position: { lsn, index }, transaction: { xid, committedAt } });
  }

  /**
   * By itself: the server sends it at its own place in the WAL, between transactions. Its LSN is that of its record and of
   * no other, so it stands there as a transaction of one change would. The point after it is closed by the very next LSN:
   * a slot that was confirmed up to there does not send it again, and the next record cannot begin before.
   */
  function saidAlone({ lsn, prefix, content }: Said): void {
    if (open) throw outOfOrder('a message that is no part of a transaction stands inside one');
    const known = lsn < lastLsn || (lsn === lastLsn && input.last.index > 0);
    if (!known) sink.message({ prefix, content, position: { lsn: lsn.toString(), index: 1 }, transaction: null });
    close(lsn + 1n, null);
  }

  function accept(message: WalMessage): void {
    switch (message.kind) {
      case 'begin':
        return begin(message);
      case 'commit': {
        const transaction = inside(open);
        open = null;
        return close(message.endLsn, transaction.committedAt);
      }
      case 'relation':
        return describe(message.relation);
      case 'truncate':
        return truncate(message.relationIds);
      case 'message':
        return message.transactional ? said(message) : saidAlone(message);
      case 'insert':
      case 'update':
      case 'delete': {
        const table = tableOf(message.relationId);
        if (!table) {
          // Positions are counted before any filter of ours, so that another list of tables does not move them.
          inside(open).index += 1;
        } else if (message.kind === 'insert') {
          const { row: after } = completed(table, { tuple: message.after, old: null, readBack: false });
          emit(table, 'create', { key: table.keyOf(after), before: null, after });
        } else if (message.kind === 'update') {
          update(table, message.before, message.after);
        } else {
          const { kind, values } = message.before;
          const row = rowOf(table, values);
          const key = table.keyOf(row);
          // A partition made since the replica identities were set sends the key alone: enough for a delete.
          emit(table, 'delete', { key, before: kind === 'row' ? row : key, after: null });
        }
        return;
      }
      case 'other':
        return;
    }
  }

  return {
    accept,
    acceptStraight,
    // A keepalive inside a transaction says nothing: its commit LSN may lie on either side of it.
    keepalive: (walEnd) => (open ? undefined : close(walEnd, null)),
    get open() {
      return open !== null;
    },
  };
}

function inside(open: Open | null): Open {
  if (!open) throw outOfOrder('a message stands outside any transaction');
  return open;
}

function outOfOrder(what: string): Blocked {
  return new Blocked('undecodable', `The replication stream is out of order: ${what}. Report the PostgreSQL version.`);
}
