/**
 * A place in the source's commit order: `lsn` is the commit LSN of the transaction (decimal digits, so that it survives
 * JSON), `index` counts the row changes of that transaction from 1, before any filter of ours.
 *
 * A *closed* position has index 0: every transaction whose commit LSN is below `lsn` is complete. It is what the end of
 * a transaction (its end LSN) and a keepalive stand for. Changes count from 1 because the commit record of the next
 * transaction may begin exactly where the last one ended: `(end, 0)` must stay below `(end, 1)`.
 */
export interface Position {
  readonly lsn: string;
  readonly index: number;
}

/** Below every position of every source. */
export const origin: Position = { lsn: '0', index: 0 };

/** Orders two runs of decimal digits without leading zeros, of any length: no BigInt on the hot path. */
export function compareDecimal(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Total order over one source: negative when `left` comes first. */
export function comparePositions(left: Position, right: Position): number {
  return compareDecimal(left.lsn, right.lsn) || left.index - right.index;
}

/** PostgreSQL writes LSNs as `16/B374D848`; we keep decimal digits. */
export function lsnFromText(text: string): string {
  const match = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text);
  if (!match) throw new RangeError(`'${text}' is not an LSN: expected two hexadecimal numbers such as 16/B374D848.`);
  return ((BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`)).toString();
}

/** The form PostgreSQL's functions, views and logs use. */
export function lsnToText(lsn: string): string {
  const value = BigInt(lsn);
  return `${(value >> 32n).toString(16).toUpperCase()}/${(value & 0xffffffffn).toString(16).toUpperCase()}`;
}
