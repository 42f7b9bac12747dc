import type { Client } from 'pg';
import type { Row } from '../../model/change';
import type { CopyProgress, KeysCopied } from '../../model/status';
import type { CopyCursor } from '../../stream/log';
import type { CapturedTable } from '../source/catalogue';
import type { Chunk, ChunkBounds, ChunkRequest } from './chunk';
import type { ChunkRow } from './copied-row';
import type { CopyExtent } from '../table-change';
import type { Snapshot } from './snapshot';
import type { Swept } from './sweep';

/** A chunk that may be appended now, at the stream's closed point `lsn`. */
export interface ReadyChunk {
  readonly table: CapturedTable;
  readonly rows: readonly ChunkRow[];
  /** Keys that were asked for and have no row. */
  readonly missing: readonly Row[];
  /** Of text in its rows, about. */
  readonly bytes: number;
  readonly cursor: CopyCursor;
  /** When it was read, milliseconds since the Unix epoch. */
  readonly readAt: number;
}

/** What operators have ordered. */
export interface CopyOrders {
  /** No chunk is read; one in flight is finished. The stream goes on. */
  readonly paused: boolean;
  /**
   * Table → name of the order to make it right: it is copied once more from its first row, then
   * keys without a row are deleted. One that was begun already changes nothing.
   */
  readonly again: Readonly<Record<string, string>>;
  /** Single rows to be read once more; each at least once. Absent: none. */
  readonly keys?: readonly KeyOrder[];
}

export interface KeyOrder {
  /** Its name; no two have the same. */
  readonly request: string;
  readonly table: string;
  /** As an operator wrote them: column → value. */
  readonly keys: readonly Row[];
}

export const noCopyOrders: CopyOrders = { paused: false, again: {} };

/** Copies the tables that are there already, beside the stream: some chunks on their way to the log, and two behind them. */
export interface Copier {
  /** Reads the next chunk unless one is being read or waits, all tables are done, it is paused, or the budget is used up. */
  start(): void;
  obey(orders: CopyOrders): void;
  /** Told by the stream, in its order: a transaction begins; a key was written; a table was emptied; a point is closed. */
  begin(xid: number): void;
  touched(table: string, key: Row): void;
  /** Keys of this table matter now: a chunk of it is being read, or waits for the stream. */
  watches(table: string): boolean;
  /** Every key of the table was. */
  truncated(table: string): void;
  closed(lsn: string): void;
  /** The table is another one now: chunks to come are read so. */
  renew(table: CapturedTable): void;
  /**
   * Copies the table from its beginning, whatever was copied, or deletes the keys that have no row any more, or both.
   * `recorded`: the log says so, and a crash resumes it.
   */
  again(table: CapturedTable, extent: CopyExtent, recorded: () => void): void;
  /** The chunks that were given out first, of those that are not, are in the log: so many, one by default. */
  appended(chunks?: number): void;
  /** A chunk waits for the stream to pass it. */
  readonly holding: boolean;
  readonly done: boolean;
  progress(): Readonly<Record<string, CopyProgress>>;
  /** Orders of single rows that have ended, the last few. */
  readonly keysCopied: readonly KeysCopied[];
  close(): void;
}

export interface CopyOptions {
  /** Opened at the first read, and the same from then on. */
  readonly client: () => Promise<Client>;
  readonly tables: readonly CapturedTable[];
  /** Cursors of the last position record: an interrupted copy resumes there and never counts as done. */
  readonly cursors: Readonly<Record<string, CopyCursor>>;
  readonly bounds: ChunkBounds & { readonly rowsPerSecond?: number | undefined };
  /** Keys that the log may hold a row of this table for, all of them among them, in pages. Rejects with the signal's reason. */
  readonly writtenKeys: (table: string, signal: AbortSignal) => AsyncIterable<readonly Row[]>;
  readonly readChunk: (client: Client, request: ChunkRequest) => Promise<Chunk>;
  readonly mustReadAgain: (input: { streamedXids: Iterable<number>; snapshot: Snapshot }) => boolean;
  readonly now: () => number;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** No transaction is open in the stream, and this is the closed point it stands at; null inside a transaction. */
  readonly closedPoint: () => string | null;
  readonly onReady: (chunk: ReadyChunk, lsn: string) => void;
  /** A chunk waits for the stream. */
  readonly onHeld: () => void;
  /** The log holds no key of the table any more whose row was gone when that was ordered. */
  readonly onSwept: (table: string, swept: Swept) => void;
  /** The chunk has been read again for a while: some transaction stays invisible. */
  readonly onWaiting: (table: string) => void;
  /** A table is not what it was when it was last `renew`ed: it is read again until it is. */
  readonly onOutdated: () => void;
  readonly onFailed: (error: unknown) => void;
}
