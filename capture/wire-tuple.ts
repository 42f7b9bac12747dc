/** Where the cells of a tuple lie in its message, in place of their texts. Used again for each message. */
export interface Cells {
  /** The message: a view, gone with the call that brought it. */
  bytes: Buffer;
  /** Column → first byte of its text, or one of the two below. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Of `bytes`, where it is known that no cell holds anything that JSON writes in another way; else null. */
  plain: DataView | null;
}

export const nullCell = -1;
/** A long value that did not change: the server did not send it. */
const unchangedCell = -2;

export function createCells(columns: number): Cells {
  return { bytes: Buffer.alloc(0), starts: new Int32Array(columns), ends: new Int32Array(columns), plain: null };
}

/**
 * Finds the cells of the TupleData at `start` (protocol-logicalrep-message-formats). Returns the place behind them, or -1 when
 * they are not as they should be, for whoever decodes messages whole to say what is wrong.
 */
export function findCells(bytes: Buffer, start: number, cells: Cells): number {
  const { starts, ends } = cells;
  cells.bytes = bytes;
  const count = ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
  if (count !== starts.length) return -1;
  let at = start + 2;
  for (let column = 0; column < count; column += 1) {
    const kind = bytes[at];
    at += 1;
    if (kind === 0x74) {
      const length =
        (((bytes[at] as number) << 24) |
          ((bytes[at + 1] as number) << 16) |
          ((bytes[at + 2] as number) << 8) |
          (bytes[at + 3] as number)) >>>
        0;
      starts[column] = at + 4;
      at += 4 + length;
      ends[column] = at;
    } else if (kind === 0x6e) {
      starts[column] = nullCell;
    } else if (kind === 0x75) {
      starts[column] = unchangedCell;
    } else {
      return -1;
    }
    if (at > bytes.length) return -1;
  }
  return at;
}

/** Long values that did not change have theirs in the row before. False when it does not have them either. */
export function fillUnchanged(cells: Cells, before: Cells): boolean {
  for (let column = 0; column < cells.starts.length; column += 1) {
    if (cells.starts[column] !== unchangedCell) continue;
    const start = before.starts[column] as number;
    if (start === unchangedCell) return false;
    cells.starts[column] = start;
    cells.ends[column] = before.ends[column] as number;
  }
  return true;
}

export function isWhole({ starts }: Cells): boolean {
  for (let column = 0; column < starts.length; column += 1) if (starts[column] === unchangedCell) return false;
  return true;
}

/** Both have a text there, of the same bytes of one message. */
export function sameText(left: Cells, right: Cells, column: number): boolean {
  const { bytes } = left;
  const from = left.starts[column] as number;
  const other = right.starts[column] as number;
  const length = (left.ends[column] as number) - from;
  if (from < 0 || other < 0 || (right.ends[column] as number) - other !== length) return false;
  for (let at = 0; at < length; at += 1) if (bytes[from + at] !== bytes[other + at]) return false;
  return true;
}
