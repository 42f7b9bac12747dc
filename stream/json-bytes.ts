/**
 * JSON as bytes, from bytes: what `JSON.stringify` makes of a text, without making the text. All writers take the place to
 * write at and return the place behind; whoever calls has made room.
 */

/** The most bytes that one byte of a text becomes: a control character as `\u001f`. Two quotation marks come on top. */
export const mostBytesPerByte = 6;

const asIs = 0;
const asUnicode = 1;
const beyondAscii = 2;
/** Byte → how it is written; from 0x20 on the letter behind the backslash. */
const ways = createWays();

/** Where a text stands. */
export interface TextBytes {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** A text in UTF-8, as a JSON string. */
export function writeText(into: Buffer, start: number, { bytes, from, to }: TextBytes): number {
  let at = start;
  into[at++] = 0x22;
  for (let each = from; each < to; each += 1) {
    const byte = bytes[each] as number;
    const way = ways[byte] as number;
    if (way === asIs) {
      into[at++] = byte;
    } else if (way === beyondAscii) {
      // Rare where it would cost, and then exactly what the text would become: also where a database holds no UTF-8.
      return start + into.write(JSON.stringify(bytes.toString('utf8', from, to)), start, 'utf8');
    } else if (way === asUnicode) {
      at = writeAscii(into, at, byte < 0x10 ? `\\u000${byte.toString(16)}` : `\\u00${byte.toString(16)}`);
    } else {
      into[at++] = 0x5c;
      into[at++] = way;
    }
  }
  into[at++] = 0x22;
  return at;
}

/** Bytes that are JSON already. */
export function writeBytes(into: Buffer, start: number, bytes: Buffer): number {
  into.set(bytes, start);
  return start + bytes.length;
}

/** The same of a few of them, for which a view would cost more than the copy. */
export function copyBytes(into: Buffer, start: number, { bytes, from, to }: TextBytes): number {
  let at = start;
  for (let each = from; each < to; each += 1) into[at++] = bytes[each] as number;
  return at;
}

export function writeAscii(into: Buffer, start: number, text: string): number {
  let at = start;
  for (let each = 0; each < text.length; each += 1) into[at++] = text.charCodeAt(each);
  return at;
}

/** A whole number from 0 on. */
export function writeCount(into: Buffer, start: number, count: number): number {
  let end = start + 1;
  for (let rest = count; rest >= 10; rest = Math.floor(rest / 10)) end += 1;
  let rest = count;
  for (let at = end - 1; at >= start; at -= 1) {
    into[at] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  return end;
}

function createWays(): Uint8Array {
  const of = new Uint8Array(256);
  of.fill(asUnicode, 0, 0x20);
  of.fill(beyondAscii, 0x80);
  for (const [character, letter] of ['""', '\\\\', '\bb', '\tt', '\nn', '\ff', '\rr']) {
    of[(character as string).charCodeAt(0)] = (letter as string).charCodeAt(0);
  }
  return of;
}
