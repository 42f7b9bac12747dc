import type { Row, Value } from '../model/change';

interface Part {
  readonly name: string;
  /** What stands before its value: `{"id":`, `,"note":`. */
  readonly opening: string;
}

const [quote, brace, minus, zero, nine] = [34, 125, 45, 48, 57];
/** As many digits are exact, whatever they are. */
const exactDigits = 15;

/**
 * Reads the rows of one topic, which are written alike, one after the other: each is taken to have the columns of the one
 * before it, in the same order, and to have no escapes, so that its values are cut out of the text. `JSON.parse` takes
 * twice as long for the same. Whatever is written in another way is for the caller to parse, and to `learn` from.
 */
export class FlatRows {
  /** Behind the row that was read last. */
  end = 0;
  private parts: readonly Part[] | null = null;
  /** A row to begin from: a copy of it has room for all columns, one that grows by them would become a hash table. */
  private model: Row = {};

  /** The row that begins at `from` in a text that is JSON, at least as far as it is read; null: not as the one before. */
  read(text: string, from: number): Row | null {
    const { parts } = this;
    if (!parts) return null;
    const row: Record<string, Value> = { ...this.model };
    let at = from;
    for (const { name, opening } of parts) {
      if (!text.startsWith(opening, at)) return null;
      at += opening.length;
      if (text.charCodeAt(at) === quote) {
        const end = text.indexOf('"', at + 1);
        if (end < 0) return null;
        row[name] = text.slice(at + 1, end);
        at = end + 1;
      } else {
        const value = this.bare(text, at);
        if (value === undefined) return null;
        row[name] = value;
        at = this.end;
      }
    }
    if (text.charCodeAt(at) !== brace) return null;
    if (isBefore(text.indexOf('\\', from), at) || isBefore(text.indexOf('\n', from), at)) return null;
    this.end = at + 1;
    return row;
  }

  /** A value without quotation marks, of which `end` is left behind; undefined: none, or one to be looked at closely. */
  private bare(text: string, at: number): Value | undefined {
    let number = 0;
    let end = at;
    for (let code = text.charCodeAt(end); code >= zero && code <= nine; code = text.charCodeAt((end += 1))) {
      number = number * 10 + code - zero;
    }
    if (end > at) {
      const leadingZero = text.charCodeAt(at) === zero && end > at + 1;
      if (!leadingZero && end - at <= exactDigits && endsValue(text, end)) return this.upTo(end, number);
      return this.fraction(text, at);
    }
    if (text.startsWith('null', at)) return this.upTo(at + 4, null);
    if (text.startsWith('true', at)) return this.upTo(at + 4, true);
    if (text.startsWith('false', at)) return this.upTo(at + 5, false);
    return text.charCodeAt(at) === minus ? this.fraction(text, at) : undefined;
  }

  private fraction(text: string, at: number): Value | undefined {
    let end = at;
    while (end < text.length && !endsValue(text, end)) end += 1;
    try {
      const value = JSON.parse(text.slice(at, end)) as unknown;
      return typeof value === 'number' ? this.upTo(end, value) : undefined;
    } catch {
      return undefined;
    }
  }

  private upTo<Read extends Value>(end: number, value: Read): Read {
    this.end = end;
    return value;
  }

  /** What the next rows are expected to be like. */
  learn(row: Row): void {
    const names = Object.keys(row);
    if (this.parts?.length === names.length && this.parts.every(({ name }, index) => name === names[index])) return;
    // A column of this name is set by no assignment.
    const ordinary = names.length > 0 && !names.includes('__proto__');
    this.parts = ordinary
      ? names.map((name, index) => ({ name, opening: `${index === 0 ? '{' : ','}${JSON.stringify(name)}:` }))
      : null;
    this.model = row;
  }
}

/** `found`: as `indexOf` says it. */
function isBefore(found: number, at: number): boolean {
  return found >= 0 && found < at;
}

function endsValue(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 44 || code === brace;
}
