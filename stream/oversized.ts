import type { Change, Row } from '../model/change';
import { Blocked } from '../model/errors';
import { describeKey } from '../model/describe-key';
import type { Oversized } from '../model/pipeline';

/** What one record of a log can carry, and what becomes of a row that is larger. */
export interface RecordLimit {
  /** Bytes of key and value together. */
  readonly bytes: number;
  readonly oversized: Oversized;
}

/**
 * The same change, smaller, for a record of `bytes` that no batch can carry. The row before goes first: no store needs
 * it, and an update of a large row would be refused for carrying it twice. Then, by declared policy, the largest columns
 * of the row after, until the rest fits; they are listed in `absent` and read at the source by whoever maps the record.
 * Throws `Blocked` oversized when the policy, or the key, leaves nothing to take away.
 */
export function reduced(change: Change, bytes: number, limit: RecordLimit): Change {
  const { operation, before, after, key } = change;
  const least = operation === 'delete' ? key : null;
  if (before !== null && before !== least && change.absent === undefined) return { ...change, before: least };
  if (limit.oversized === 'reference' && after !== null && change.absent === undefined) {
    const absent = largestColumns(change, after, bytes - limit.bytes);
    if (absent.length > 0) return { ...change, after: without(after, absent), absent };
  }
  throw tooLarge(change, bytes, limit);
}

/** Bytes of the columns that a record leaves out: what they will take once somebody has read them. */
export function absentBytes(whole: Row, absent: readonly string[]): number {
  return absent.reduce((sum, column) => sum + columnBytes(whole, column), 0);
}

/**
 * The same change, or, where it will certainly go without its row before, already without it: to write both rows of an
 * update first, only to see that they are too large together, takes four times their bytes (Invariant 10).
 */
export function lighten(change: Change, limit: RecordLimit): Change {
  const { before, after, key, absent } = change;
  if (before === null || before === key || absent !== undefined) return change;
  const least = leastBytes(before) + (after === null ? 0 : leastBytes(after));
  return least > limit.bytes ? reduced(change, least, limit) : change;
}

/** Every character takes a byte or more. */
function leastBytes(row: Row): number {
  let bytes = 0;
  for (const name in row) {
    const value = row[name];
    if (typeof value === 'string') bytes += value.length;
  }
  return bytes;
}

function largestColumns({ key }: Change, after: Row, excess: number): string[] {
  const columns = Object.keys(after)
    .filter((column) => !(column in key))
    .map((column) => ({ column, bytes: columnBytes(after, column) }))
    .sort((left, right) => right.bytes - left.bytes);
  const absent: string[] = [];
  // Their names return in the list of what is absent: each column counts less by its name and some punctuation.
  let left = excess;
  for (const { column, bytes } of columns) {
    if (left <= 0) break;
    absent.push(column);
    left -= bytes - Buffer.byteLength(JSON.stringify(column)) - 2;
  }
  return absent;
}

function columnBytes(row: Row, column: string): number {
  return Buffer.byteLength(JSON.stringify(row[column] ?? null));
}

function without(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([column]) => !columns.includes(column)));
}

function tooLarge({ table, key, after }: Change, bytes: number, limit: RecordLimit): Blocked {
  const [largest] = after ? Object.keys(after).sort((a, b) => columnBytes(after, b) - columnBytes(after, a)) : [];
  const column = largest && after ? `; its largest column is ${largest}, of ${columnBytes(after, largest)} bytes` : '';
  return new Blocked(
    'oversized',
    `A row of ${table} with ${describeKey(key)} takes ${bytes} bytes as a record, and the log takes ${limit.bytes}${column}. ` +
      'Nothing from its transaction on was confirmed. Stop the pipeline and start it again with a larger ' +
      'log.maxMessageBytes (and max.message.bytes of its topics), or with "oversized": "reference" under log.',
  );
}
