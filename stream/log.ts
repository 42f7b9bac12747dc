import type { Row } from '../model/change';
import type { Offsets } from '../model/offsets';
import type { Position } from '../model/position';
import type { SchemaVersion } from '../model/schema';
import type { Records } from './supply';
import type { BatchForm } from './written-batch';

/** How far the copy of one table has come. Travels in position records. */
export interface CopyCursor {
  readonly done: boolean;
  /** Key of the last row appended; null before the first chunk. */
  readonly after: Row | null;
  readonly rows: number;
  /** The order by which the table is, or was, copied again; absent for a table's first copy. */
  readonly request?: string;
  /**
   * Keys that the log holds a row for and the source does not are still to be deleted: once the rows are copied, or now.
   * Everything written before the sweep was ordered stands on the log before this cursor does.
   */
  readonly sweep?: 'later' | 'now';
}

/** What a table's partitions were: another one after any of them was attached anew, or got another file (a TRUNCATE). */
export interface PartitionDigest {
  readonly attached: string;
  readonly files: string;
}

/**
 * The last record of every Kafka transaction, on the positions topic. It is where capture resumes, what dedupes, what
 * says "caught up", and what marks commit boundaries.
 */
export interface PositionRecord {
  readonly version: 1;
  readonly logId: string;
  readonly systemId: string;
  readonly timeline: number;
  readonly position: Position;
  /** `position` is the end of a source transaction (its index is 0): every partition below `ends` is complete up to it. */
  readonly closed: boolean;
  /** Every partition of every table topic: the offset of its last record + 1, markers not counted. */
  readonly ends: Offsets;
  /** Table → cursor of its copy. A table that is not here has not been begun. */
  readonly copies: Readonly<Record<string, CopyCursor>>;
  /** Commit time of the last source transaction included, milliseconds since the Unix epoch. */
  readonly committedAt: number;
  /** Table → id of the version it is captured in: a change made while nobody looked is seen. */
  readonly schemas?: Readonly<Record<string, string>>;
  /** Partitioned table → relation ids of the partitions that hold its rows: no change tells of one that comes or goes. */
  readonly partitions?: Readonly<Record<string, readonly string[]>>;
  /** Of the same tables. Absent in logs written before it was looked at. */
  readonly partitionDigests?: Readonly<Record<string, PartitionDigest>>;
  /** The schemas topic holds every version that `schemas` names. Absent in logs begun before there was one. */
  readonly described?: true;
  /** Indexes of `position`'s transaction count its logical messages. */
  readonly messages?: true;
}

/** A record ready to be appended. */
export interface EncodedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer;
  /** null: the tombstone that follows a delete. */
  readonly value: Buffer | null;
  /** Besides the `logId` that every record has. */
  readonly headers?: Readonly<Record<string, Buffer>>;
}

/** What one Kafka transaction says besides its records. */
export type Closing = Omit<PositionRecord, 'version' | 'logId' | 'systemId' | 'timeline' | 'ends'>;

/**
 * The one writer of a log. Opening it fences every other writer *before* the last position record is read. After any
 * error it is never used again: open another one and read the position anew (Invariant 2).
 */
export interface LogWriter {
  /** The last position record, as read with the fence taken or appended since; null for a log that is empty. */
  readonly last: PositionRecord | null;
  /** Bytes that key and value of one record may have together, as the topics are. */
  readonly maxRecordBytes: number;
  /** For those who write whole batches. */
  readonly batches: BatchForm;
  /**
   * One Kafka transaction: the versions, the records, then the position record. Resolves when all in-sync replicas have
   * it. A version that a record names must come with it, or have come before.
   */
  append(records: Records, closing: Closing, versions?: readonly SchemaVersion[]): Promise<PositionRecord>;
  close(): Promise<void>;
}

/** One record of a table topic as it was fetched. */
export interface FetchedRecord {
  readonly topic: string;
  readonly partition: number;
  /** Decimal digits. */
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** What the columns that this record leaves out will take once they are read. */
  readonly absentBytes?: number;
}

/** A contiguous piece of the log: everything between the reader's previous `next` and this one. */
export interface LogBatch {
  /** In order within each partition; partitions in any order. */
  readonly records: readonly FetchedRecord[];
  /** Next offsets after this piece, positions topic included. */
  readonly next: Offsets;
  /** The lane's state is complete at `position` after this piece. */
  readonly closed: boolean;
  /** The last closed position reached, this piece included. */
  readonly position: Position;
  /** When the log's record of that position was appended, milliseconds since the Unix epoch. */
  readonly positionAt: number;
}

/** What the reader knows lies ahead of what it has handed out. */
export interface Ahead {
  /** No closed record is known beyond the last one handed out, and the end of the positions topic has been seen. */
  readonly caughtUp: boolean;
  readonly records: number;
  /** When the oldest position record that is not handed out was appended; null when there is none. */
  readonly oldestAt: number | null;
}

/** One lane's consumer, led by the positions topic. Stays open between slices. */
export interface LaneReader {
  readonly logId: string;
  /**
   * Starts, or moves, to `next` (`{}`: the start of the log). To seek to where it stands costs nothing, to another place
   * costs a new consumer. Throws `Blocked` log-truncated when the log no longer holds it, log-replaced when it is another
   * log.
   */
  seek(next: Offsets): Promise<void>;
  /**
   * The next piece, up to `maxRecords` and about `maxBytes` (one record at least, and absent columns count); null when nothing came within `waitMs`, when the signal aborts, or when `until`
   * is reached. With `until` (a positions offset) nothing at or beyond that record of the positions topic is handed out.
   * A piece ends at a closed record unless one source transaction alone is larger than these bounds or than the reader's
   * memory, or unless the lane is still reading the log's oldest part for the first time. Rejects with `Blocked` for a
   * gap and with `Unavailable` when the consumer gave up: then `seek`, or open another reader.
   */
  next(options: {
    maxRecords: number;
    maxBytes?: number;
    waitMs: number;
    until?: string;
    signal: AbortSignal;
  }): Promise<LogBatch | null>;
  ahead(): Ahead;
  close(): Promise<void>;
}
