import { Blocked } from '../../model/errors';
import { isDelete, type DocumentBody, type Json, type Mutation } from '../../model/mutation';
import type { RowShape, RowText } from '../../model/row-text';
import { ColumnText } from './column-text';
import type { Statement } from './connection';
import type { TableLayout } from './layout';

/** Measured: from about 1,000 rows a statement on, more rows bring no more speed. */
const chunkRows = 1_000;
/** Invariant 10: rows may be megabytes each; a chunk ends here, whatever its number of rows. */
const chunkCharacters = 8 * 1024 * 1024;

/** What one statement writes. */
export interface Chunk {
  readonly table: TableLayout;
  readonly kind: 'upsert' | 'remove';
  readonly mutations: readonly Mutation[];
  readonly statement: Statement;
}

/**
 * The statements of one batch, made one after the other. Each document occurs once in a batch, so upserts and deletes
 * never meet and their order is free.
 */
export function* chunksOf(
  layout: ReadonlyMap<string, TableLayout>,
  mutations: readonly Mutation[],
): Generator<Chunk, void, undefined> {
  const groups = new Map<string, { removes: Mutation[]; upserts: Mutation[] }>();
  for (const mutation of mutations) {
    let group = groups.get(mutation.target);
    if (!group) groups.set(mutation.target, (group = { removes: [], upserts: [] }));
    (isDelete(mutation) ? group.removes : group.upserts).push(mutation);
  }
  for (const [target, { removes, upserts }] of groups) {
    const table = layout.get(target);
    if (!table) throw unfit(target, (removes[0] ?? upserts[0])?.version ?? '');
    yield* split(table, 'remove', removes);
    yield* split(table, 'upsert', upserts);
  }
}

function* split(table: TableLayout, kind: Chunk['kind'], mutations: readonly Mutation[]) {
  for (let from = 0; from < mutations.length;) {
    const chunk = createChunk(table, kind, mutations, from);
    yield chunk;
    from += chunk.mutations.length;
  }
}

/** The chunk of `mutations` that begins at `from`. */
export function createChunk(table: TableLayout, kind: Chunk['kind'], mutations: readonly Mutation[], from = 0): Chunk {
  const layout = kind === 'remove' ? table.key : table.columns;
  const columns = layout.map(({ name }) => new ColumnText(name));
  const cut = new RowCutter(columns);
  const last = Math.min(mutations.length, from + chunkRows);
  let characters = 0;
  let at = from;
  for (; at < last && characters < chunkCharacters; at += 1) {
    const mutation = mutations[at];
    if (mutation === undefined) break;
    // Of a row as it travelled, JSON's texts and numbers are elements of an array literal as they stand, and so is `null`.
    const row = kind === 'upsert' ? mutation.row : undefined;
    const added = row && cut.append(row);
    characters += added ?? appendRow(columns, kind === 'remove' ? mutation.key : mutation.document, mutation);
  }
  const { name, text } = table[kind];
  return {
    table,
    kind,
    mutations: mutations.slice(from, at),
    statement: { name, text, values: columns.map((column) => column.literal()) },
  };
}

/** Cuts the values of rows out of their bytes. */
class RowCutter {
  private shape: RowShape | null = null;
  /** By column: which value of a row of this shape it takes. */
  private values: readonly number[] | null = null;

  constructor(private readonly columns: readonly ColumnText[]) {}

  /** Returns the bytes added; null: a row of other columns, and nothing was added. */
  append({ bytes, from, end, shape }: RowText): number | null {
    if (shape !== this.shape) {
      this.shape = shape;
      this.values = placesOf(this.columns, shape.names);
    }
    const { columns, values } = this;
    if (values === null || shape.walk(bytes, from) !== end) return null;
    const { places } = shape;
    for (let at = 0; at < values.length; at += 1) {
      const value = (values[at] as number) * 2;
      (columns[at] as ColumnText).addBytes(bytes, places[value] as number, places[value + 1] as number);
    }
    return end - from;
  }
}

/** null: the row has other columns. */
function placesOf(columns: readonly ColumnText[], names: readonly string[]): readonly number[] | null {
  const places = columns.map(({ name }) => names.indexOf(name));
  return names.length === columns.length && !places.includes(-1) ? places : null;
}

/** Adds one element to each column's; returns the characters added. */
function appendRow(columns: readonly ColumnText[], row: DocumentBody | null, { target, version }: Mutation): number {
  // Invariant 5: a column without a place, or a place without its column, is not dropped and not made NULL.
  if (row === null || Object.keys(row).length !== columns.length) throw unfit(target, version);
  let characters = 0;
  for (const column of columns) {
    const value = row[column.name];
    if (value === undefined) throw unfit(target, version);
    const element = arrayElement(value);
    characters += element.length + 1;
    column.add(element);
  }
  return characters;
}

const special = /["\\]/;

/** One element of an array literal. Texts are always quoted: `NULL`, the empty one and those with commas are texts too. */
function arrayElement(value: Json): string {
  if (value === null) return 'NULL';
  if (typeof value === 'object') return arrayElement(JSON.stringify(value));
  if (typeof value !== 'string') return String(value);
  return special.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : `"${value}"`;
}

function unfit(target: string, version: string): Blocked {
  return new Blocked(
    'schema-changed',
    `The record at offset ${version} of its partition has other columns than the store's table ${target}. Rebuild the store: its next generation is made from the table's present columns.`,
  );
}
