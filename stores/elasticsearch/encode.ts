import { isDelete, type Mutation } from '../../model/mutation';
import { idField } from './names';

const closingBrace = '}'.charCodeAt(0);
const comma = ','.charCodeAt(0);
const lineEnd = '\n'.charCodeAt(0);
/** Room for an ordinary row. Where rows are larger it is made on the way. */
const usualBytes = 512;
/** Longer texts are counted before there is made room for them. */
const shortText = 4 << 10;

/**
 * NDJSON of mutations, in UTF-8: of each the action and, unless it is a delete, the document. A row that goes on as it travelled
 * is copied from its record's bytes: a text of it would be made, joined with others and encoded again, all for nothing.
 */
export class ActionLines {
  /** Bytes written so far. */
  length = 0;
  private bytes: Buffer;

  /** `expected`: about so many mutations. */
  constructor(private readonly expected: number) {
    this.bytes = Buffer.allocUnsafe(expected * usualBytes);
  }

  add(mutation: Mutation): void {
    const { id, version, row } = mutation;
    const quoted = JSON.stringify(id);
    // The version as text: as a JSON number it would lose digits above 2^53.
    const action = `{"_id":${quoted},"version":"${version}","version_type":"external"}`;
    if (isDelete(mutation)) return this.addText(`{"delete":${action}}\n`);
    const opening = `{"index":${action}}\n{"${idField}":${quoted}`;
    if (row === undefined) {
      const body = JSON.stringify(mutation.document).slice(1);
      return this.addText(`${opening}${body === '}' ? '' : ','}${body}\n`);
    }
    this.addText(opening);
    // Behind its brace, which stands in `opening` already.
    const from = row.from + 1;
    this.makeRoom(row.end - from + 2);
    if (row.bytes[from] !== closingBrace) this.bytes[this.length++] = comma;
    this.bytes.set(row.bytes.subarray(from, row.end), this.length);
    this.length += row.end - from;
    this.bytes[this.length++] = lineEnd;
  }

  /** What was written up to `end`. Not to be added to any more. */
  upTo(end: number): Buffer {
    return this.bytes.subarray(0, end);
  }

  /** Lines that begin with what was written from `start` on. */
  from(start: number): ActionLines {
    const next = new ActionLines(this.expected);
    next.makeRoom(this.length - start);
    next.length = this.bytes.copy(next.bytes, 0, start, this.length);
    return next;
  }

  private addText(text: string): void {
    // At most three bytes per UTF-16 unit.
    this.makeRoom(text.length <= shortText ? text.length * 3 : Buffer.byteLength(text));
    this.length += this.bytes.write(text, this.length, 'utf8');
  }

  private makeRoom(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}

/** The lines of these, and no others. */
export function encodeActions(mutations: readonly Mutation[]): Buffer {
  const lines = new ActionLines(mutations.length);
  for (const mutation of mutations) lines.add(mutation);
  return lines.upTo(lines.length);
}
