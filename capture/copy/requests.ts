import type { Row } from '../../model/change';
import type { CopyCursor } from '../../stream/log';
import type { CapturedTable } from '../source/catalogue';
import type { KeyOrder } from './copier';
import { advanced, sweptOf } from './steps';
import type { CopyRequest, Held } from './held';

/** The next page of a table. */
export function pageRequest(table: CapturedTable, after: Row | null, limit: number): CopyRequest {
  return { table, after, limit, advance: (before, chunk) => advanced(before, table, chunk) };
}

/** Single rows. The table's own copy stays where it is. */
export function keysRequest(table: CapturedTable, order: KeyOrder, recorded: (held: Held) => void): CopyRequest {
  const { keys } = order;
  return { table, after: null, limit: keys.length, keys, order, advance: (before) => before, recorded };
}

/** Of these keys of the log, those that have no row. */
export function missingRequest(table: CapturedTable, keys: readonly Row[]): CopyRequest {
  return { table, after: null, limit: keys.length, keys, missingOnly: true, advance: (before) => before };
}

/** Nothing is read: all keys of the log have been looked for. */
export function sweptRequest(table: CapturedTable, recorded: () => void): CopyRequest {
  return { table, after: null, limit: 0, advance: sweptOf, recorded };
}

/** Nothing is read: the table begins again, and everything written until now is on the log before it does. */
export function beginRequest(
  table: CapturedTable,
  advance: (before: CopyCursor) => CopyCursor,
  recorded: () => void,
): CopyRequest {
  return { table, after: null, limit: 0, advance, recorded, behindAll: true };
}
