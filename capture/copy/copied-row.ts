import type { Row, Value } from '../../model/change';
import type { TableSchema } from '../../model/schema';
import { parserOf, type ParseValue } from '../../model/value-types';
import { RowBytes } from '../row-bytes';
import { createKeyOf, keyText } from '../values';
import { createCells, type Cells } from '../wire-tuple';
import { findCopied } from './copy-text';
import { published } from './width';

/** A row of a chunk: as COPY wrote it, or, where somebody has to look at it, as it travels. */
export type ChunkRow = CopiedRow | Row;

/** Of a larger one the bytes of its values are what costs, and it may have to be made smaller. */
const largestCopied = 16 * 1024;

/** A row that nobody has looked at: its line of COPY, where the socket brought it. */
export class CopiedRow {
  constructor(
    private readonly page: CopiedPage,
    private readonly bytes: Buffer,
    private readonly from: number,
    private readonly to: number,
  ) {}

  /** What writes it, without decoding it. */
  get writer(): RowBytes {
    return this.page.writer;
  }

  /** Its cells, until those of another row of its page are asked for. */
  cells(): Cells {
    return this.page.cellsOf(this.bytes, this.from, this.to);
  }

  get length(): number {
    return this.to - this.from;
  }

  /** As it travels. */
  decoded(): Row {
    return this.page.decode(this.cells());
  }
}

/** What the rows of one page share. */
interface CopiedPage {
  readonly writer: RowBytes;
  cellsOf(bytes: Buffer, from: number, to: number): Cells;
  decode(cells: Cells): Row;
}

/** Takes the lines of one page. */
export interface PageIntake {
  /** The line stands between these places. One of up to 16 KiB must stay there; a larger one need not outlive the call. */
  add(bytes: Buffer, from: number, to: number): void;
  readonly rows: readonly ChunkRow[];
  /** Of all lines. */
  readonly bytes: number;
  /** The last row's text behind its columns; null: there is none. */
  readonly lastExtra: string | null;
}

/** `extras`: cells behind the columns, that are no part of the row. */
export function createPageIntake(table: TableSchema, extras: number): PageIntake {
  const columns = published(table).map((column) => ({ name: column.name, parse: parserOf(column) }));
  const names = columns.map(({ name }) => name);
  const writer = RowBytes.of(names, table);
  const cells = createCells(columns.length + extras);
  const cellsOf = (of: Buffer, from: number, to: number) => findCopied(of, { from, to }, cells);
  const decode = (of: Cells) => rowOf(of, columns);
  const page = writer === null ? null : { writer, cellsOf, decode };
  const rows: ChunkRow[] = [];
  let bytes = 0;
  let last: Buffer | null = null;
  let [lastFrom, lastTo] = [0, 0];

  return {
    add(line, from, to) {
      const end = to - 1; // without the end of the line
      bytes += end - from;
      if (page === null || end - from > largestCopied) {
        rows.push(decode(cellsOf(line, from, end)));
        last = Buffer.from(line.subarray(line.lastIndexOf(tab, end - 1) + 1, end));
        [lastFrom, lastTo] = [0, last.length];
        return;
      }
      rows.push(new CopiedRow(page, line, from, end));
      last = line;
      lastFrom = from;
      lastTo = end;
    },
    rows,
    get bytes() {
      return bytes;
    },
    get lastExtra() {
      if (extras === 0 || last === null) return null;
      const line = last.subarray(lastFrom, lastTo);
      return line.subarray(line.lastIndexOf(tab) + 1).toString('latin1');
    },
  };
}

const tab = 0x09;

function rowOf(
  { bytes, starts, ends }: Cells,
  columns: readonly { readonly name: string; readonly parse: ParseValue }[],
): Row {
  const row: Record<string, Value> = {};
  columns.forEach(({ name, parse }, at) => {
    const from = starts[at] as number;
    row[name] = from < 0 ? null : parse(bytes.toString('utf8', from, ends[at]));
  });
  return row;
}

/** As it travels, whichever it is. */
export function stateOf(row: ChunkRow): Row {
  return row instanceof CopiedRow ? row.decoded() : row;
}

/** By which the stream's keys and those of a chunk are told apart. */
export function createKeyTextOf(table: TableSchema): (row: ChunkRow) => string {
  const keyOf = createKeyOf(table);
  return (row) => keyText(keyOf(stateOf(row)));
}
