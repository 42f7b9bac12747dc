import type { Client, QueryConfig } from 'pg';
import { readChunk, type Chunk, type ChunkRequest } from '../../../capture/copy/chunk';
import { mustReadAgain } from '../../../capture/copy/snapshot';
import { readCatalogue } from '../../../capture/source/catalogue';
import { connect } from '../../../capture/source/connection';
import type { CaptureParts } from '../../../capture/session';
import { waitFor } from '../../support/wait';
import { closeSources, createSource, hurriedClock, type Source } from './source';

jest.setTimeout(180_000);
afterEach(closeSources);

const table = 'public.items';
const ids = Array.from({ length: 300 }, (_, at) => at + 1);
const copied = (source: Source) => source.log.last?.copies[table]?.done === true;

async function withItems(): Promise<Source> {
  const source = await createSource({
    statements: [
      'create table items (id int primary key, note varchar(100), size int)',
      `insert into items select n, 'note ' || n, n from generate_series(1, 300) n`,
    ],
    tables: [table],
    chunkRows: 100,
  });
  await source.prepare();
  return source;
}

/** What a reader of the log ends with: id → the column's value. */
function fold(source: Source, column: string): Map<number, unknown> {
  const rows = new Map<number, unknown>();
  for (const { key, after } of source.log.changes) {
    if (after === null) rows.delete(Number(key['id']));
    else rows.set(Number(key['id']), after[column] ?? null);
  }
  return rows;
}

/** Does `work` while the table is being altered, and lets the change be committed once `work` waits for it. */
async function whileAltered<Result>(source: Source, change: string, work: () => Promise<Result>): Promise<Result> {
  const holder = await source.connect();
  try {
    await holder.query(`begin; ${change}`);
    const done = work();
    await waitFor({
      what: 'somebody to wait for the table',
      seconds: 20,
      look: () => source.sql.query(`select from pg_locks where not granted and relation = 'items'::regclass`),
      until: ({ rows }) => rows.length > 0,
    });
    await holder.query('commit');
    return await done;
  } finally {
    await holder.end();
  }
}

/** PostgreSQL writes every row anew for it, and shows none of them to a snapshot from before. */
const rewritten = 'alter table items alter note type varchar(50)';

describe('of a table that is written anew meanwhile', () => {
  async function chunkOf(
    request: Omit<ChunkRequest, 'table' | 'after'>,
    meddle = (text: string) => text,
  ): Promise<Chunk> {
    const source = await withItems();
    const client = await connect(source.url);
    const [found] = await readCatalogue(client, [table]);
    if (!found) throw new Error('no table');
    const meddled = Object.assign(Object.create(client) as Client, {
      query: (text: string | QueryConfig) => client.query(typeof text === 'string' ? meddle(text) : text),
    });
    const read = () => readChunk(meddled, { table: found, after: null, ...request });
    return whileAltered(source, rewritten, read).finally(() => client.end());
  }

  it('a page has its rows', async () => {
    const { rows, last } = await chunkOf({ limit: 100 });
    expect({ rows: rows.length, last }).toEqual({ rows: 100, last: false });
  });

  it('control: with the snapshot before the lock it has none, and the table seems to end', async () => {
    const { rows, last } = await chunkOf({ limit: 100 }, (text) => text.replace(/lock table [^;]*; /, ''));
    expect({ rows: rows.length, last }).toEqual({ rows: 0, last: true });
  });

  it.each([
    ['that are to be copied', undefined],
    ['that a sweep looks for', true as const],
  ])('keys %s are found', async (_what, missingOnly) => {
    const keys = [{ id: 1 }, { id: 7 }];
    const { missing } = await chunkOf({ limit: 2, keys, ...(missingOnly && { missingOnly }) });
    expect(missing).toEqual([]);
  });

  it('the copy brings every row', async () => {
    const source = await withItems();
    let altered = false;
    const running = await source.capture({
      readChunk: async (client, request) => {
        if (altered || request.after === null) return readChunk(client, request);
        altered = true;
        return whileAltered(source, rewritten, () => readChunk(client, request));
      },
    });
    await source.log.until(() => copied(source), 'the copy');
    await running.stop();
    expect([...fold(source, 'size').keys()].sort((left, right) => left - right)).toEqual(ids);
  });
});

describe('of a table that gets other columns meanwhile', () => {
  /** A chunk with this row is read behind `change`, which was streamed and which nobody has looked for yet. */
  const late = 207;

  async function altered(change: string, streamed: (source: Source) => boolean): Promise<Source> {
    const source = await withItems();
    let changed: Promise<unknown> | null = null;
    let hasRow = false;
    const parts: Partial<CaptureParts> = {
      readChunk: async (client: Client, request: ChunkRequest) => {
        hasRow = Number(request.after?.['id'] ?? 0) === 200;
        if (hasRow) await (changed ??= source.sql.query(change));
        return readChunk(client, request);
      },
      // As behind a transaction that stays open.
      mustReadAgain: (input) => hasRow && (!streamed(source) || mustReadAgain(input)),
    };
    const running = await source.capture({ ...parts, ...hurriedClock() });
    await source.log.until(() => copied(source), 'the copy');
    await running.stop();
    return source;
  }

  it('what a change of a new column has brought is not taken away by a chunk that was asked for before', async () => {
    const source = await altered(
      `alter table items add column extra text; update items set extra = 'x' where id = ${late}`,
      ({ log }) => log.changes.some(({ operation }) => operation === 'update'),
    );
    expect(fold(source, 'extra').get(late)).toBe('x');
    expect(fold(source, 'extra').size).toBe(300);
  });

  it('no value of the new type is written as one of the old', async () => {
    const source = await altered(`alter table items alter size type text using 'size ' || size`, () => true);
    const again = () => source.log.last?.copies[table]?.rows === 300;
    expect(again()).toBe(true);
    expect(fold(source, 'size').get(late)).toBe(`size ${late}`);
  });
});

describe('an open transaction that has written to a table before it was published', () => {
  it('is waited for, also when the table looks empty', async () => {
    const source = await createSource({
      statements: [
        'create table items (id int primary key)',
        'create table others (id int primary key)',
        'alter table items replica identity full',
      ],
      tables: ['public.others'],
    });
    await source.prepare();
    const first = await source.capture();
    await source.log.until(() => source.log.last?.copies['public.others']?.done === true, 'the other copy');
    await first.stop();
    const writer = await source.connect();
    await writer.query('begin; insert into items values (7)');
    source.capturing(['public.others', table]);
    await source.prepare();
    let reads = 0;
    const running = await source.capture({
      readChunk: async (client, request) => {
        if (request.table.name === table && (reads += 1) === 2) await writer.query('commit');
        return readChunk(client, request);
      },
    });
    await source.log.until(() => copied(source), 'the copy');
    await writer.query('commit; insert into items values (8)');
    await source.log.until(() => fold(source, 'id').has(8), 'a row that is streamed');
    await running.stop();
    await writer.end();
    expect(source.log.changes.map(({ key }) => key)).toEqual([{ id: 7 }, { id: 8 }]);
  });
});
