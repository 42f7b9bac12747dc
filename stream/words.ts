/**
 * Bytes in steps of four. A script copies a value of twelve bytes in three steps where it would take twelve, and a call of the
 * engine's own copy costs as much as thirty bytes that are copied so. Nothing is lost to the order of bytes: they are read as they
 * are written.
 */

/** Bytes behind the last one that may be read, and are written over: a step is taken whole. */
export const bytesBeyond = 3;

/** By which bytes are read and written four at a time, at any place. */
export function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

/** Memory that is written, byte by byte or by words. */
export interface Target {
  readonly memory: Buffer;
  readonly view: DataView;
}

/** Of nobody else, and not cleared. */
export function targetOf(length: number): Target {
  const memory = Buffer.allocUnsafeSlow(length);
  return { memory, view: viewOf(memory) };
}

/** Bytes that are written again and again. */
export interface Constant {
  readonly view: DataView;
  readonly length: number;
}

export function constantOf(content: Buffer | string): Constant {
  const bytes = Buffer.from(content);
  return { view: viewOf(Buffer.concat([bytes, Buffer.alloc(bytesBeyond)])), length: bytes.length };
}

/** Returns the place behind them. */
export function writeConstant(into: DataView, start: number, { view, length }: Constant): number {
  for (let at = 0; at < length; at += 4) into.setInt32(start + at, view.getInt32(at, true), true);
  return start + length;
}

/** The bytes between two places. Returns the place behind them. */
export function copyWords(
  into: DataView,
  start: number,
  { view, from, to }: { readonly view: DataView; readonly from: number; readonly to: number },
): number {
  let at = start;
  for (let each = from; each < to; each += 4, at += 4) into.setInt32(at, view.getInt32(each, true), true);
  return start + to - from;
}

const high = 0x80808080 | 0;
const spaces = 0x20202020;
const ones = 0x01010101;
const quotes = 0x22222222;
const backslashes = 0x5c5c5c5c;

/**
 * The place in a little-endian word, 0 to 3, of its first byte that JSON does not have as it is in a text: a control character, a
 * quotation mark, a backslash, a part of what is not ASCII. 4: there is none. (Of four bytes below 0x80, 1 is taken from each: only
 * one that was 0 gets its high bit. It may take from those behind it, which do not count any more.)
 */
export function firstUnplain(word: number): number {
  const marks = ((word - spaces) | ((word ^ quotes) - ones) | ((word ^ backslashes) - ones) | word) & high;
  return marks === 0 ? 4 : (31 - Math.clz32(marks & -marks)) >> 3;
}
