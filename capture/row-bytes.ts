import type { Column, TableSchema } from '../model/schema';
import { hasCanonicalForm, parserOf, ruleOf, type ParseValue } from '../model/value-types';
import { copyBytes, mostBytesPerByte, writeAscii, writeText } from '../stream/json-bytes';
import { bytesBeyond, constantOf, copyWords, writeConstant, type Constant, type Target } from '../stream/words';
import { nullCell, type Cells } from './wire-tuple';

interface WrittenColumn {
  /** Its name as it stands before the value, with the brace or comma before it. */
  readonly opening: Constant;
  readonly form: 'text' | 'digits' | 'boolean' | 'parsed';
  readonly parse: ParseValue;
}

/** Types whose text is the JSON number. Floats are not among them: 1e+20 is written otherwise. */
const integers: ReadonlySet<string> = new Set(['int2', 'int4', 'oid']);

const none = constantOf('null');
const yes = constantOf('true');
const no = constantOf('false');
const quotationMark = 0x22;

/** Writes rows of a table as JSON from the bytes of their cells: byte for byte what becomes of the parsed row (`rows.ts`). */
export class RowBytes {
  /** Of a row and its key besides the values. */
  private readonly framing: number;

  private constructor(
    private readonly columns: readonly WrittenColumn[],
    private readonly key: readonly { readonly column: number; readonly opening: Constant }[],
  ) {
    this.framing = [...columns, ...key].reduce((sum, { opening: { length } }) => sum + length, 4 + 2 * bytesBeyond);
  }

  /**
   * `names` stand in the order of the cells. Null for tables whose rows have to be looked at: whose key may have two texts for
   * one value, or whose names JavaScript puts into an order of its own ("1") or takes for something else ("__proto__").
   */
  static of(names: readonly string[], { columns, key }: Pick<TableSchema, 'columns' | 'key'>): RowBytes | null {
    if (!keepsOrder(names) || !keepsOrder(key) || key.length === 0) return null;
    const known = new Map(columns.map((column) => [column.name, column]));
    const keys = key.map((name, at) => ({ column: names.indexOf(name), opening: openingOf(name, at) }));
    if (keys.some(({ column }) => column < 0) || !key.every((name) => hasOneText(known.get(name)))) return null;
    const written = names.map((name, at) => ({ opening: openingOf(name, at), ...formOf(known.get(name)) }));
    return new RowBytes(written, keys);
  }

  get width(): number {
    return this.columns.length;
  }

  /** The most that two rows and a key take, all found in a message of so many bytes: a value that stands there once may be in each. */
  most(messageBytes: number): number {
    return 2 * this.framing + 3 * mostBytesPerByte * messageBytes;
  }

  /** No part of it is NULL: that is for others to be surprised at. */
  hasKey({ starts }: Cells): boolean {
    for (const { column } of this.key) if ((starts[column] as number) < 0) return false;
    return true;
  }

  sameKey(same: (column: number) => boolean): boolean {
    for (const { column } of this.key) if (!same(column)) return false;
    return true;
  }

  writeRow(into: Target, start: number, cells: Cells): number {
    let at = start;
    for (let column = 0; column < this.columns.length; column += 1) {
      at = writeConstant(into.view, at, (this.columns[column] as WrittenColumn).opening);
      at = this.writeValue(into, at, { cells, column });
    }
    into.memory[at] = 0x7d;
    return at + 1;
  }

  writeKey(into: Target, start: number, cells: Cells): number {
    let at = start;
    for (const { column, opening } of this.key) {
      at = writeConstant(into.view, at, opening);
      at = this.writeValue(into, at, { cells, column });
    }
    into.memory[at] = 0x7d;
    return at + 1;
  }

  private writeValue(into: Target, at: number, { cells, column }: { cells: Cells; column: number }): number {
    const { form, parse } = this.columns[column] as WrittenColumn;
    const from = cells.starts[column] as number;
    const to = cells.ends[column] as number;
    if (from === nullCell) return writeConstant(into.view, at, none);
    const { plain } = cells;
    if (form === 'text') {
      if (plain === null) return writeText(into.memory, at, { bytes: cells.bytes, from, to });
      into.memory[at] = quotationMark;
      const end = copyWords(into.view, at + 1, { view: plain, from, to });
      into.memory[end] = quotationMark;
      return end + 1;
    }
    if (form === 'digits') {
      if (plain === null) return copyBytes(into.memory, at, { bytes: cells.bytes, from, to });
      return copyWords(into.view, at, { view: plain, from, to });
    }
    if (form === 'boolean')
      return writeConstant(into.view, at, to - from === 1 && cells.bytes[from] === 0x74 ? yes : no);
    return writeAscii(into.memory, at, JSON.stringify(parse(cells.bytes.toString('latin1', from, to))));
  }
}

function openingOf(name: string, at: number): Constant {
  return constantOf(`${at === 0 ? '{' : ','}${JSON.stringify(name)}:`);
}

function formOf(column: Column | undefined): Pick<WrittenColumn, 'form' | 'parse'> {
  if (!column) return { form: 'text', parse: (text) => text };
  const { form } = ruleOf(column.baseType);
  const written = form !== 'number' ? form : integers.has(column.baseType) ? 'digits' : 'parsed';
  return { form: written, parse: parserOf(column) };
}

function hasOneText(column: Column | undefined): boolean {
  return column !== undefined && !hasCanonicalForm(column);
}

function keepsOrder(names: readonly string[]): boolean {
  const row: Record<string, null> = {};
  for (const name of names) row[name] = null;
  const kept = Object.keys(row);
  return kept.length === names.length && kept.every((name, at) => name === names[at]);
}
