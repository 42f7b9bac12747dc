import { performance } from 'node:perf_hooks';
import type { Client } from 'pg';
import { parseTableName, type Row, type Value } from '../../model/change';
import { lsnFromText } from '../../model/position';
import type { Column } from '../../model/schema';
import type { CapturedTable } from '../source/catalogue';
import { quoteName, quoteTable } from '../source/quoting';
import { parseSnapshot, type Snapshot } from './snapshot';
import { parserOf } from '../../model/value-types';
import { keyedStatement, parseKeyed } from './keyed';
import { parameterOf } from '../values';
import { chunkBytes, published, widthOf } from './width';

export interface ChunkRequest {
  readonly table: CapturedTable;
  /** Key of the last row of the chunk before; null for the first. */
  readonly after: Row | null;
  readonly limit: number;
  /** Instead of a page, the rows with these keys. */
  readonly keys?: readonly Row[];
}

export interface Chunk {
  /** In key order. */
  readonly rows: readonly Row[];
  /** Of the keys that were asked for, those without a row; empty for a page. */
  readonly missing: readonly Row[];
  /** How many of the keys these are, from the first on: others have to be asked for again. 0 for a page. */
  readonly answered: number;
  /** What the read saw. */
  readonly snapshot: Snapshot;
  /** Everything the read saw was written below this LSN (decimal digits). */
  readonly writtenBelow: string;
  /** Bytes of text in the rows. */
  readonly bytes: number;
  /** How long the source took for the rows, milliseconds. */
  readonly ms: number;
  /** The table has no more. */
  readonly last: boolean;
}

/**
 * Reads one chunk: the next page by key, or the rows of given keys. Snapshot and rows come from one REPEATABLE READ transaction, so they are one view of the
 * table. The WAL position is taken after the read: a commit the read saw was in the WAL before.
 */
export async function readChunk(client: Client, request: ChunkRequest): Promise<Chunk> {
  const { table, keys } = request;
  const { text, values } = keys ? keyedStatement(table, keys) : chunkStatement(request);
  await client.query('begin isolation level repeatable read read only');
  try {
    const seen = await client.query<{ snapshot: string }>('select pg_current_snapshot()::text as snapshot');
    const began = performance.now();
    const { rows } = await client.query<(string | null)[]>({ text, values, rowMode: 'array' });
    const ms = performance.now() - began;
    const end = await client.query<Record<'lsn' | 'segment', string>>(
      `select pg_current_wal_insert_lsn() as lsn, setting as segment from pg_settings where name = 'wal_segment_size'`,
    );
    const lsn = BigInt(lsnFromText(end.rows[0]?.lsn ?? '0/0'));
    return {
      ...(keys ? parseKeyed(table, rows) : { ...parseRows(table, rows), missing: [], answered: 0 }),
      ms,
      snapshot: parseSnapshot(seen.rows[0]?.snapshot ?? ''),
      writtenBelow: reachable(lsn, BigInt(end.rows[0]?.segment ?? '16777216')).toString(),
      last: keys !== undefined || (rows.length < request.limit && !wasCut(table, rows)),
    };
  } finally {
    await client.query('commit').catch(() => undefined); // read only: a broken connection shows in the next statement
  }
}

/** Keyset: what comes behind `after` in the order of the key's own index; no row can be met twice or passed over. */
export function chunkStatement({ table, after, limit }: ChunkRequest): { text: string; values: (string | null)[] } {
  const types = new Map(table.columns.map(({ name, type }) => [name, type]));
  const keys = table.key.map(quoteName);
  const columns = published(table);
  const names = columns.map(({ name }) => quoteName(name));
  const from = `${table.partitioned ? '' : 'only '}${quoteTable(parseTableName(table.name))}`;
  const parameters = table.key.map((name, index) => `$${index + 1}::${types.get(name) ?? 'text'}`);
  const where = after === null ? '' : ` where ${behind(keys, parameters, table.keyOperators)}`;
  const page = (...more: string[]) =>
    `select ${[...names, ...more].join(', ')} from ${from}${where} order by ${keys.join(', ')} limit ${limit}`;
  const width = widthOf(columns);
  return {
    text: width === null ? page() : withinBytes(page(width), { columns, key: table.key }),
    values: after === null ? [] : table.key.map((name) => parameterOf(after[name] ?? null)),
  };
}

/**
 * Invariant 10: the rows of a page up to about `chunkBytes`, one at least; the rest is not even read. A limit of rows
 * alone, guessed from the rows before, is gigabytes where narrow rows are followed by wide ones. Behind the columns stands
 * the text so far, by which it is seen whether the page was cut.
 */
function withinBytes(page: string, { columns, key }: { columns: readonly Column[]; key: readonly string[] }): string {
  const places = columns.map((_, at) => `c${at}`);
  const order = key.map((name) => `c${columns.findIndex((column) => column.name === name)}`).join(', ');
  return (
    `select ${places.join(', ')}, so_far from (select page.*, sum(width) over (order by ${order} rows unbounded preceding) as ` +
    `so_far from (${page}) page(${places.join(', ')}, width)) sized where so_far - width < ${chunkBytes} order by ${order}`
  );
}

/**
 * Row-wise, as `(a, b) > ($1, $2)`, which walks the index. Operators are looked for in `search_path`, where those of an
 * extension's type are not: citext would be compared as text, in another order than its index has, and rows passed over.
 * Then each operator is named, and the row is spelled out; the first condition is the one that walks the index.
 */
function behind(keys: readonly string[], parameters: readonly string[], schemas: readonly string[]): string {
  if (schemas.every((schema) => schema === 'pg_catalog')) return `(${keys.join(', ')}) > (${parameters.join(', ')})`;
  const compared = (at: number, operator: string) =>
    `${keys[at]} operator(${quoteName(schemas[at] ?? 'pg_catalog')}.${operator}) ${parameters[at]}`;
  const alternatives = keys.map((_, last) =>
    [...keys.slice(0, last).map((_key, at) => compared(at, '=')), compared(last, '>')].join(' and '),
  );
  return `${compared(0, '>=')} and (${alternatives.join(' or ')})`;
}

/**
 * The stream reports ends of records; right behind a WAL page's header the insert position is no record's end, and on
 * an idle source it would never be reached. What the read saw ended before that page, so round down to it.
 */
export function reachable(insertLsn: bigint, segmentBytes: bigint): bigint {
  const inPage = insertLsn % 8192n;
  if (inPage === 24n) return insertLsn - 24n;
  return insertLsn % segmentBytes === 40n ? insertLsn - 40n : insertLsn;
}

const firstRows = 500;
/** Its snapshot keeps VACUUM from what it may see, and a slow statement is a leader in trouble: shorter ones then. */
const defaultQueryMilliseconds = 1_000;
/** Aimed at, of what a chunk's statement may take: the next one may be slower. */
const headroom = 0.8;

/** What a chunk may be. */
export interface ChunkBounds {
  readonly chunkRows: number;
  /** What its statement should stay under. */
  readonly queryMilliseconds?: number | undefined;
}

/** Rows to ask for next: the configured number, or fewer when rows are wide or slow. The first chunk of a table is careful. */
export function nextLimit(
  { chunkRows, queryMilliseconds = defaultQueryMilliseconds }: ChunkBounds,
  previous: Pick<Chunk, 'rows' | 'bytes' | 'ms'> | null,
): number {
  if (previous === null) return Math.min(chunkRows, firstRows);
  const { rows, bytes, ms } = previous;
  // An empty chunk says nothing of rows.
  const fits = (total: number, limit: number) =>
    rows.length === 0 || total === 0 ? chunkRows : Math.floor((limit * rows.length) / total);
  const fitting = Math.min(fits(bytes, chunkBytes), fits(ms, queryMilliseconds * headroom));
  return Math.max(1, Math.min(chunkRows, fitting, Math.max(firstRows, rows.length * 8)));
}

/** More rows may follow, since this page has all the text that a chunk may have. */
function wasCut(table: CapturedTable, rows: readonly (string | null)[][]): boolean {
  return Number(rows.at(-1)?.[published(table).length] ?? 0) >= chunkBytes;
}

function parseRows(table: CapturedTable, rows: readonly (string | null)[][]): Pick<Chunk, 'rows' | 'bytes'> {
  const columns = published(table).map((column) => ({ name: column.name, parse: parserOf(column) }));
  let bytes = 0;
  const parsed = rows.map((texts) => {
    const row: Record<string, Value> = {};
    columns.forEach(({ name, parse }, index) => {
      const text = texts[index] ?? null;
      bytes += text?.length ?? 0;
      row[name] = text === null ? null : parse(text);
    });
    return row;
  });
  return { rows: parsed, bytes };
}
