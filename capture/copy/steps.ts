import type { CopyCursor } from '../../stream/log';
import type { CapturedTable } from '../source/catalogue';
import type { CopyExtent } from '../table-change';
import { createKeyOf } from '../values';
import type { Chunk } from './chunk';
import { stateOf } from './copied-row';

/** To begin a table again: by an operator, whose order has a name, or since its rows changed unsaid. */
export interface Order {
  readonly request: string | undefined;
  readonly extent: CopyExtent;
  /** The log says so, and a crash resumes it. */
  readonly recorded?: () => void;
}

/** Where a table's copy stands behind this page. */
export function advanced(before: CopyCursor, table: CapturedTable, chunk: Chunk): CopyCursor {
  const lastRow = chunk.rows.at(-1);
  const sweep = before.sweep === undefined ? {} : { sweep: chunk.last ? ('now' as const) : ('later' as const) };
  return {
    done: chunk.last && before.sweep === undefined,
    after: lastRow ? createKeyOf(table)(stateOf(lastRow)) : before.after,
    rows: before.rows + chunk.rows.length,
    ...named(before),
    ...sweep,
  };
}

/**
 * Where a table's copy begins anew. What is outstanding of it stays so: rows that were never copied, keys that were never
 * looked for.
 */
export function begunAgain(
  before: CopyCursor,
  { extent, request = before.request }: Pick<Order, 'extent' | 'request'>,
): CopyCursor {
  const sweep = extent !== 'rows' || before.sweep !== undefined;
  if (extent !== 'keys') {
    return { done: false, after: null, rows: 0, ...named({ request }), ...(sweep ? { sweep: 'later' } : {}) };
  }
  const rowsToCome = !before.done && before.sweep !== 'now';
  const { after, rows } = before;
  return { done: false, after, rows, ...named({ request }), sweep: rowsToCome ? 'later' : 'now' };
}

/**
 * Where the copies of tables stand that the log knows and nobody captures now: what becomes of their rows passes it by, so once they
 * are captured again they are copied from their beginning, and swept (Invariant 9).
 */
export function leftOut(
  cursors: Readonly<Record<string, CopyCursor>>,
  captured: readonly { readonly name: string }[],
): Record<string, CopyCursor> {
  const others = Object.entries(cursors).filter(([table]) => !captured.some(({ name }) => name === table));
  const again = { extent: 'both', request: undefined } as const;
  return Object.fromEntries(others.map(([table, cursor]) => [table, begunAgain(cursor, again)]));
}

/** All keys have been looked for, which is the last there is to do. */
export function sweptOf({ after, rows, request }: CopyCursor): CopyCursor {
  return { done: true, after, rows, ...named({ request }) };
}

/** Two orders to begin the same table again are one. */
export function widened(extent: CopyExtent, other: CopyExtent | undefined): CopyExtent {
  return other === undefined || other === extent ? extent : 'both';
}

function named({ request }: { readonly request?: string | undefined }): { readonly request?: string } {
  return request === undefined ? {} : { request };
}
