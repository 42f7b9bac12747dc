import type { Row } from '../../model/change';
import { compareDecimal } from '../../model/position';
import type { CopyCursor } from '../../stream/log';
import type { Chunk, ChunkRequest } from './chunk';
import { createKeyTextOf, type ChunkRow } from './copied-row';
import type { KeyOrder } from './copier';
import { keepRows, type Kept } from './kept';
import type { Reading } from './reading';

/** One read, and what becomes true with it. */
export type CopyRequest = ChunkRequest & {
  /** By which these keys are asked for; absent: by no order of single rows. */
  readonly order?: KeyOrder;
  /** Where the table's copy stands once this is on the log. */
  readonly advance: (before: CopyCursor, chunk: Chunk) => CopyCursor;
  /** This is on the log. */
  readonly recorded?: (held: Held) => void;
  /** Waits for the stream although it has no row: everything written before the read is on the log before this. */
  readonly behindAll?: true;
};

/** A chunk from its read until the stream has passed it: what of it the stream has no later word on. */
export interface Held {
  readonly request: CopyRequest;
  readonly chunk: Chunk;
  readonly readAt: number;
  /** True once it is in the log. */
  readonly cursor: CopyCursor;
  readonly rows: Kept<ChunkRow>;
  readonly missing: Kept<Row>;
}

/** What was touched since the read is left out: its changes are in the log, or ahead of this chunk. */
export function holdChunk(
  request: CopyRequest,
  chunk: Chunk,
  { touched, truncated }: Reading,
): Pick<Held, 'rows' | 'missing'> {
  const keyTextOf = createKeyTextOf(request.table);
  const [rows, missing] = [keepRows(chunk.rows, keyTextOf), keepRows(chunk.missing, keyTextOf)];
  for (const kept of [rows, missing]) {
    for (const key of touched) kept.drop(key);
    if (truncated) kept.clear();
  }
  return { rows, missing };
}

/**
 * Until the stream has passed all that the read saw, changes older than the read may still come, and each of them would set
 * its row back. An empty chunk has no row to set back.
 */
export function isPassed({ request, chunk }: Held, lsn: string): boolean {
  return (isEmpty(chunk) && !request.behindAll) || compareDecimal(lsn, chunk.writtenBelow) >= 0;
}

/** The next rows of a table: that there are none says that it ends here. */
export function isPage({ limit, keys }: CopyRequest): boolean {
  return limit > 0 && !keys;
}

/** Nothing that could be older than what the log has. */
export function isEmpty({ rows, missing }: Pick<Chunk, 'rows' | 'missing'>): boolean {
  return rows.length + missing.length === 0;
}
