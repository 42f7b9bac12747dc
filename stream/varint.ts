/**
 * Numbers as they stand in a record (https://kafka.apache.org/documentation/#recordheader): zigzag, seven bits a byte, least
 * significant first. 32 bits are enough: a batch is smaller than a gibibyte.
 */

/** The most that one takes. */
export const mostVarintBytes = 5;

export function sizeOfVarint(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  return zigzag < 0x80 ? 1 : zigzag < 0x4000 ? 2 : zigzag < 0x200000 ? 3 : zigzag < 0x10000000 ? 4 : 5;
}

/** Returns the place behind it. */
export function writeVarint(into: Buffer, start: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let at = start;
  for (; rest > 0x7f; at += 1) {
    into[at] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  into[at] = rest;
  return at + 1;
}
