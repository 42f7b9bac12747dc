import { Blocked } from '../../model/errors';
import type { DocumentBody, Json, Mutation } from '../../model/mutation';
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
    (mutation.document === null ? group.removes : group.upserts).push(mutation);
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
  const columns = layout.map(({ name }) => ({ name, elements: [] as string[] }));
  const last = Math.min(mutations.length, from + chunkRows);
  let characters = 0;
  let at = from;
  for (; at < last && characters < chunkCharacters; at += 1) {
    const mutation = mutations[at];
    if (mutation === undefined) break;
    characters += appendRow(columns, kind === 'remove' ? mutation.key : mutation.document, mutation);
  }
  const { name, text } = table[kind];
  return {
    table,
    kind,
    mutations: mutations.slice(from, at),
    statement: { name, text, values: columns.map(({ elements }) => `{${elements.join(',')}}`) },
  };
}

type ColumnElements = readonly { readonly name: string; readonly elements: string[] }[];

/** Adds one element to each column's; returns the characters added. */
function appendRow(columns: ColumnElements, row: DocumentBody | null, { target, version }: Mutation): number {
  // Invariant 5: a column without a place, or a place without its column, is not dropped and not made NULL.
  if (row === null || Object.keys(row).length !== columns.length) throw unfit(target, version);
  let characters = 0;
  for (const { name, elements } of columns) {
    const value = row[name];
    if (value === undefined) throw unfit(target, version);
    const element = arrayElement(value);
    characters += element.length + 1;
    elements.push(element);
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
