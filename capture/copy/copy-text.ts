import { bytesBeyond, firstUnplain, viewOf } from '../../stream/words';
import { nullCell, type Cells } from '../wire-tuple';

/** Letter behind the backslash → the byte that it stands for; others stand for themselves. */
const escaped = new Uint8Array(256).map((_, byte) => byte);
for (const [letter, byte] of ['b\b', 'f\f', 'n\n', 'r\r', 't\t', 'v\v']) {
  escaped[(letter as string).charCodeAt(0)] = (byte as string).charCodeAt(0);
}

const tab = 0x09;
const backslash = 0x5c;
const letterOfNull = 0x4e;

/** Of what was looked at last: many lines lie in one piece of what the socket brought. */
let viewed: { readonly bytes: Buffer; readonly view: DataView } | null = null;

/** Texts of one line without their backslashes; one line at a time, so one buffer. */
let unescaped = Buffer.allocUnsafeSlow(16 * 1024);
/** A line that needed more was a rare one. */
const mostKept = 256 * 1024;

/**
 * Finds the cells of a line that `COPY … TO STDOUT` wrote in its text format: tabs between them, `\N` for NULL, and
 * backslashes before what would be taken for these (https://www.postgresql.org/docs/current/sql-copy.html). Where
 * nothing is written with a backslash the cells lie in the line itself. They hold until another line is looked at.
 */
export function findCopied(line: Buffer, { from, to }: Line, cells: Cells): Cells {
  return findPlain(line, { from, to }, cells) ? cells : findAny(line, { from, to }, cells);
}

interface Line {
  readonly from: number;
  readonly to: number;
}

/** Four bytes a step. False: something in it is not plain, or there is too little behind it for a whole step. */
function findPlain(line: Buffer, { from, to }: Line, cells: Cells): boolean {
  if (to + bytesBeyond > line.length) return false;
  if (viewed?.bytes !== line) viewed = { bytes: line, view: viewOf(line) };
  const { view } = viewed;
  const { starts, ends } = cells;
  const columns = starts.length;
  let column = 0;
  let start = from;
  let isNull = false;
  for (let at = from; ;) {
    if (at < to) {
      const step = firstUnplain(view.getInt32(at, true));
      at += step;
      if (step === 4) continue;
    }
    if (at < to && line[at] === backslash) {
      if (at !== start || line[at + 1] !== letterOfNull) return false;
      isNull = true;
      at += 2; // a NULL is all of its cell
    }
    if (at < to && line[at] !== tab) return false;
    if (column >= columns) throw malformed(columns);
    starts[column] = isNull ? nullCell : start;
    ends[column] = Math.min(at, to);
    column += 1;
    isNull = false;
    at += 1;
    start = at;
    if (at > to) break;
  }
  if (column !== columns) throw malformed(columns);
  cells.bytes = line;
  cells.plain = view;
  return true;
}

/** Byte by byte. */
function findAny(line: Buffer, { from, to }: Line, cells: Cells): Cells {
  cells.plain = null;
  const { starts, ends } = cells;
  const columns = starts.length;
  cells.bytes = line;
  let column = 0;
  let start = from;
  for (let at = from; ; at += 1) {
    if (at < to && line[at] === backslash) {
      if (at !== start || line[at + 1] !== letterOfNull) return findEscaped(line, { from, to }, cells);
      starts[column] = nullCell;
      start = -1;
      at += 2; // a NULL is all of its cell
    }
    if (at < to && line[at] !== tab) continue;
    if (column >= columns) throw malformed(columns);
    starts[column] = start < 0 ? nullCell : start;
    ends[column] = at;
    column += 1;
    start = at + 1;
    if (at >= to) break;
  }
  if (column !== columns) throw malformed(columns);
  return cells;
}

/** The same of any line, by way of a copy without backslashes. */
function findEscaped(line: Buffer, { from, to }: Line, cells: Cells): Cells {
  const { starts, ends } = cells;
  const columns = starts.length;
  const into = roomFor(to - from);
  cells.bytes = into;
  let column = 0;
  let start = 0;
  let isNull = false;
  let next = 0;
  for (let at = from; ; at += 1) {
    const byte = line[at] as number;
    if (at >= to || byte === tab) {
      if (column >= columns) throw malformed(columns);
      starts[column] = isNull ? nullCell : start;
      ends[column] = next;
      column += 1;
      start = next;
      isNull = false;
      if (at >= to) break;
    } else if (byte === backslash) {
      at += 1;
      const letter = line[at] as number;
      // A text of these two characters has its backslash doubled.
      if (letter === letterOfNull) isNull = true;
      else into[next++] = escaped[letter] as number;
    } else {
      into[next++] = byte;
    }
  }
  if (column !== columns) throw malformed(columns);
  return cells;
}

function roomFor(bytes: number): Buffer {
  if (bytes <= unescaped.length) return unescaped;
  const room = Buffer.allocUnsafeSlow(bytes);
  if (bytes <= mostKept) unescaped = room;
  return room;
}

function malformed(columns: number): Error {
  return new Error(`COPY wrote a line of another number of columns than the ${columns} that were asked for.`);
}
