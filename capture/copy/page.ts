import type { Client } from 'pg';
import { parseTableName, type Row } from '../../model/change';
import type { Column } from '../../model/schema';
import type { CapturedTable } from '../source/catalogue';
import { quoteName, quoteTable } from '../source/quoting';
import { parameterOf } from '../values';
import { takeCopyData } from '../wire';
import { createPageIntake, type ChunkRow } from './copied-row';
import { chunkBytes, published, widthOf } from './width';

export interface PageRequest {
  readonly table: CapturedTable;
  /** Key of the last row of the page before; null for the first. */
  readonly after: Row | null;
  readonly limit: number;
}

export interface Page {
  /** In key order. */
  readonly rows: readonly ChunkRow[];
  /** Bytes of text in the rows. */
  readonly bytes: number;
  /** More rows may follow although there are fewer than asked for: they have all the text that a chunk may have. */
  readonly cut: boolean;
  /** What the statements behind it answered. */
  readonly behind: Answers;
}

export interface PageReading {
  /** All rows of the page are within `chunkBytes`, as this transaction sees them. */
  readonly fits: boolean;
  /** Statements in the same message, behind it. */
  readonly then: string;
}

/**
 * Reads a page by COPY, whose lines are taken as they come: texts and objects of each row are most of what a copy costs,
 * and nobody looks at them (docs/decisions/0017-straight-rows.md). `pageSettings` are in force in the transaction.
 */
export async function readPage(client: Client, request: PageRequest, reading: PageReading): Promise<Page> {
  const extras = reading.fits ? 0 : 1;
  const page = createPageIntake(request.table, extras);
  let failure: unknown = null;
  // One line a message, which is what the protocol says of a server (protocol-flow, "COPY operations").
  const end = takeCopyData(client, (bytes, from, to) => {
    try {
      if (failure === null) page.add(bytes, from, to);
    } catch (error) {
      failure = error; // here it would be the socket's
    }
  });
  const behind = await several(client, `${pageStatement(request, reading)}; ${reading.then}`).finally(end);
  if (failure !== null) throw failure as Error;
  const { rows, bytes, lastExtra } = page;
  return { rows, bytes, cut: Number(lastExtra ?? 0) >= chunkBytes, behind };
}

const settingOf = (place: number) => `slipstream.after_${place}`;
const limitSetting = 'slipstream.page_rows';

/**
 * COPY takes no parameters, so they are settings of the transaction: written into it they would make another statement of
 * every page, and pg_stat_statements would forget those of the application for them.
 */
export function pageSettings({ table, after, limit }: PageRequest): Record<string, string> {
  const key = after === null ? [] : table.key.map((name) => parameterOf(after[name] ?? null) ?? '');
  const parts = key.map((value, at): [string, string] => [settingOf(at), value]);
  return Object.fromEntries([[limitSetting, String(limit)], ...parts]);
}

/**
 * How much text the page has, in one row named `width`; null when none of it can be wide. In the transaction of the page it is about
 * the very same rows: of those that fit nothing has to be counted while they are sent, which is half of what a page costs the source.
 */
export function pageWidthStatement(request: PageRequest): string | null {
  const width = widthOf(published(request.table));
  return width === null
    ? null
    : `select coalesce(sum(width), 0) as width from (${selectOf(request, [`${width} as width`])}) page`;
}

/** Columns of rows, each statement having one at most. */
export type Answers = Partial<Record<string, string | number>>;

/** Several statements in one message, where none has to be waited for before the next is known. */
export async function several(client: Client, text: string): Promise<Answers> {
  const results = [(await client.query<Record<string, string>>(text)) as unknown].flat() as readonly {
    rows: Answers[];
  }[];
  return Object.assign({}, ...results.flatMap(({ rows }) => rows)) as Answers;
}

/** Keyset: what comes behind `after` in the order of the key's own index; no row can be met twice or passed over. */
export function pageStatement(request: PageRequest, { fits }: Pick<PageReading, 'fits'>): string {
  const { table } = request;
  const columns = published(table);
  const names = columns.map(({ name }) => quoteName(name));
  const width = widthOf(columns);
  const rows =
    fits || width === null
      ? selectOf(request, names)
      : withinBytes(selectOf(request, [...names, width]), { columns, key: table.key });
  return `copy (${rows}) to stdout`;
}

function selectOf({ table, after }: PageRequest, what: readonly string[]): string {
  const types = new Map(table.columns.map(({ name, type }) => [name, type]));
  const keys = table.key.map(quoteName);
  const from = `${table.partitioned ? '' : 'only '}${quoteTable(parseTableName(table.name))}`;
  const parameters = table.key.map((name, at) => `current_setting('${settingOf(at)}')::${types.get(name) ?? 'text'}`);
  const where = after === null ? '' : ` where ${behind(keys, parameters, table.keyOperators)}`;
  const limit = `limit current_setting('${limitSetting}')::int8`;
  return `select ${what.join(', ')} from ${from}${where} order by ${keys.join(', ')} ${limit}`;
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
