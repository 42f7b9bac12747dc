import { performance } from 'node:perf_hooks';
import type { Client } from 'pg';
import type { Row } from '../../model/change';
import { lsnFromText } from '../../model/position';
import type { ChunkRow } from './copied-row';
import { keyedStatement, missingOf, missingStatement, parseKeyed } from './keyed';
import { columnsStatement, isAsAsked, lockStatement } from './layout';
import { pageSettings, pageWidthStatement, readPage, several, type Answers, type PageRequest } from './page';
import { parseSnapshot, type Snapshot } from './snapshot';
import { chunkBytes } from './width';

export interface ChunkRequest extends PageRequest {
  /** Instead of a page, the rows with these keys. */
  readonly keys?: readonly Row[];
  /** Of these keys, the ones without a row are all that is asked for. They are as the log has them, and need no check. */
  readonly missingOnly?: true;
}

export interface Chunk {
  /** In key order. */
  readonly rows: readonly ChunkRow[];
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

/** The table has other columns by now than those asked for, or its name is another table's: nothing was read. */
export class OtherColumns extends Error {}

/**
 * Reads one chunk: the next page by key, or the rows of given keys. Snapshot and rows come from one REPEATABLE READ transaction, so they are one view of the
 * table. The WAL position is taken after the read: a commit the read saw was in the WAL before. Rejects with `OtherColumns`.
 */
export async function readChunk(client: Client, request: ChunkRequest): Promise<Chunk> {
  const settings = Object.entries(request.keys ? {} : pageSettings(request)).map(
    ([name, value]) => `, set_config('${name}', ${client.escapeLiteral(value)}, true)`,
  );
  // As few messages as may be: a page is a matter of milliseconds, and the source rests between two.
  const begin = 'begin isolation level repeatable read read only';
  const width = request.keys ? null : pageWidthStatement(request);
  const snapshot = `select pg_current_snapshot()::text as snapshot${settings.join('')}`;
  // The lock of every reader, and before the snapshot: ALTER TABLE that writes all rows anew shows none of them to a snapshot
  // from before it was committed, and a table that looks empty is copied to its end, or swept.
  const statements = [begin, lockStatement(request), snapshot, columnsStatement(client, request), width];
  try {
    const began = performance.now();
    const seen = await several(client, statements.filter((statement) => statement !== null).join('; '));
    if (!isAsAsked(request, seen['columns'])) throw new OtherColumns();
    const fits = Number(seen['width'] ?? 0) < chunkBytes;
    const { behind, ...read } = request.keys
      ? await readKeyed(client, request, request.keys)
      : await readNext(client, request, fits);
    const ms = performance.now() - began;
    const lsn = BigInt(lsnFromText(String(behind['lsn'] ?? '0/0')));
    const writtenBelow = reachable(lsn, BigInt(behind['segment'] ?? '16777216')).toString();
    return { ...read, ms, snapshot: parseSnapshot(String(seen['snapshot'] ?? '')), writtenBelow };
  } finally {
    // Read only, so nobody waits for it: a broken connection shows in the next statement.
    void client.query('commit').catch(() => undefined);
  }
}

/** Where the WAL ends, asked behind the read. Not from pg_settings, which makes a row of every setting there is. */
const walEnd = `select pg_current_wal_insert_lsn() as lsn, pg_size_bytes(current_setting('wal_segment_size')) as segment`;

type Read = Omit<Chunk, 'ms' | 'snapshot' | 'writtenBelow'> & { readonly behind: Answers };

async function readNext(client: Client, request: ChunkRequest, fits: boolean): Promise<Read> {
  const { rows, bytes, cut, behind } = await readPage(client, request, { fits, then: walEnd });
  return { rows, bytes, behind, missing: [], answered: 0, last: rows.length < request.limit && !cut };
}

async function readKeyed(client: Client, { table, missingOnly }: ChunkRequest, keys: readonly Row[]): Promise<Read> {
  const statement = missingOnly ? missingStatement(table, keys) : keyedStatement(table, keys);
  const { rows } = await client.query<(string | null)[]>({ ...statement, rowMode: 'array' });
  const behind = await several(client, walEnd);
  return missingOnly
    ? { rows: [], ...missingOf(keys, rows), bytes: 0, last: true, behind }
    : { ...parseKeyed(table, rows), last: true, behind };
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
