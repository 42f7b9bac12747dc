import type { Row } from '../../model/change';
import { compareDecimal } from '../../model/position';
import type { CopyCursor } from '../../stream/log';
import type { CapturedTable } from '../source/catalogue';
import { createKeyOf } from '../values';
import type { Chunk, ChunkRequest } from './chunk';
import { createKeyTextOf, stateOf, type ChunkRow } from './copied-row';
import type { KeyOrder } from './copier';
import { keepRows, type Kept } from './kept';

export type CopyRequest = ChunkRequest & {
  /** By which these keys are asked for; absent: the next page of a table. */
  readonly order?: KeyOrder;
};

/** A chunk that is being read, and what the stream brought since the read was issued. */
export interface Reading {
  readonly table: string;
  readonly touched: Set<string>;
  truncated: boolean;
}

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
export function isPassed({ chunk }: Held, lsn: string): boolean {
  return chunk.rows.length + chunk.missing.length === 0 || compareDecimal(lsn, chunk.writtenBelow) >= 0;
}

/** Where a table's copy stands behind this page. */
export function advanced(before: CopyCursor, table: CapturedTable, chunk: Chunk): CopyCursor {
  const lastRow = chunk.rows.at(-1);
  return {
    done: chunk.last,
    after: lastRow ? createKeyOf(table)(stateOf(lastRow)) : before.after,
    rows: before.rows + chunk.rows.length,
    ...(before.request === undefined ? {} : { request: before.request }),
  };
}
