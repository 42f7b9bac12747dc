/** A row as it travelled: JSON on one line, of which nothing was made. */
export interface RowText {
  /** All of it, made when it is asked for. */
  readonly text: string;
  /** UTF-8; the row stands from `from` up to `end`, in a record that is kept as long as its batch. */
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly end: number;
  readonly shape: RowShape;
}

const [quote, backslash, brace, comma, minus, plus, point] = [34, 92, 125, 44, 45, 43, 46];
const [zero, nine, small, large] = [48, 57, 101, 69];
/** Below it stand control characters, which no text of JSON has as they are. */
const blank = 32;
const words = ['null', 'true', 'false'].map((word) => new TextEncoder().encode(word));

/**
 * What the rows of one version of a table have in common as they travel: their columns, in their order. A row is walked over
 * byte by byte, which costs a tenth of parsing it; one with an escape, a list or an object in it, or other columns, is not
 * of the shape, and is for the caller to parse.
 */
export class RowShape {
  /** Of the row that `walk` found last: where the value of each column begins, and where it ends. Quotation marks are part of it. */
  readonly places: Int32Array;
  /** What stands before each value: `{"id":`, `,"note":`. */
  private readonly openings: readonly Uint8Array[];

  private constructor(readonly names: readonly string[]) {
    const encoder = new TextEncoder();
    this.openings = names.map((name, at) => encoder.encode(`${at === 0 ? '{' : ','}${JSON.stringify(name)}:`));
    this.places = new Int32Array(names.length * 2);
  }

  /** null: rows of such columns are always parsed. */
  static of(names: readonly string[]): RowShape | null {
    // A column of this name is set by no assignment, so whoever parses the row does not see it either.
    return names.length > 0 && !names.includes('__proto__') ? new RowShape(names) : null;
  }

  /** Where the row that begins at `from` ends; -1: none of this shape does. */
  walk(bytes: Uint8Array, from: number): number {
    const { openings, places } = this;
    let at = from;
    for (let column = 0; column < openings.length; column += 1) {
      const opening = openings[column] as Uint8Array;
      if (!standsAt(bytes, at, opening)) return -1;
      at += opening.length;
      places[column * 2] = at;
      at = bytes[at] === quote ? endOfText(bytes, at + 1) : endOfBare(bytes, at);
      if (at < 0) return -1;
      places[column * 2 + 1] = at;
    }
    return bytes[at] === brace ? at + 1 : -1;
  }
}

/** Whether `part` stands at this place. */
export function standsAt(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  if (at + part.length > bytes.length) return false;
  for (let index = 0; index < part.length; index += 1) if (bytes[at + index] !== part[index]) return false;
  return true;
}

function endOfText(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at += 1) {
    const code = bytes[at] as number;
    if (code === quote) return at + 1;
    if (code === backslash || code < blank) return -1;
  }
  return -1;
}

function endOfBare(bytes: Uint8Array, from: number): number {
  const end = endOfNumber(bytes, from);
  if (end >= 0) return endsValue(bytes, end) ? end : -1;
  for (const word of words) if (standsAt(bytes, from, word)) return from + word.length;
  return -1;
}

/** https://datatracker.ietf.org/doc/html/rfc8259#section-6 */
function endOfNumber(bytes: Uint8Array, from: number): number {
  const first = bytes[from] === minus ? from + 1 : from;
  let at = endOfDigits(bytes, first);
  if (at < 0 || (bytes[first] === zero && at > first + 1)) return -1;
  if (bytes[at] === point) at = endOfDigits(bytes, at + 1);
  if (at >= 0 && (bytes[at] === small || bytes[at] === large)) {
    const signed = bytes[at + 1] === minus || bytes[at + 1] === plus;
    at = endOfDigits(bytes, at + (signed ? 2 : 1));
  }
  return at;
}

/** -1: there is none. */
function endOfDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let code = bytes[at] ?? 0; code >= zero && code <= nine; code = bytes[at] ?? 0) at += 1;
  return at > from ? at : -1;
}

function endsValue(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === comma || bytes[at] === brace;
}
