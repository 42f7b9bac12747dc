import { readChunk } from '../../../capture/copy/chunk';
import type { CaptureParts } from '../../../capture/session';
import type { Change } from '../../../model/change';
import { announceSeed, seeded, type Random } from '../../support/random';
import { waitFor } from '../../support/wait';
import { copied, flush, fold, setBack, table, truth, withRows } from './items';
import { closeSources, createSource, type Source } from './source';

/** In no order: the log has one in each partition. */
const idsOf = (changes: readonly Change[]) =>
  changes.map(({ key }) => Number(key['id'])).sort((left, right) => left - right);

jest.setTimeout(360_000);
afterEach(closeSources);

/** Of 400 rows among 6,000, some are met. */
const writesPerChunk = 50;

it('copies rows that were there before, an empty table at once, and says so in the position record', async () => {
  const source = await createSource({
    statements: [
      'create table items (id int primary key)',
      'create table empty (id int primary key)',
      'insert into items select generate_series(1, 2500)',
    ],
    tables: [table, 'public.empty'],
    chunkRows: 1_000,
  });
  await source.prepare();
  const running = await source.capture();
  await source.log.until(() => copied(source) && source.log.last?.copies['public.empty']?.done === true, 'both copies');
  const { copies } = running.progress;
  await running.stop();
  expect(idsOf(source.log.changes)).toEqual(Array.from({ length: 2_500 }, (_, at) => at + 1));
  expect(source.log.changes.every(({ operation, position }) => operation === 'read' && position.index === 0)).toBe(
    true,
  );
  expect(source.log.last?.copies).toEqual({
    [table]: { done: true, after: { id: 2_500 }, rows: 2_500 },
    'public.empty': { done: true, after: null, rows: 0 },
  });
  expect(copies[table]).toMatchObject({ done: true, rows: 2_500 });
  for (const { record, changes } of source.log.appends) if (changes.length > 0) expect(record.closed).toBe(true);
});

it('renders a copied row as the stream renders it, type by type', async () => {
  const source = await createSource({
    statements: [
      `create type mood as enum ('sad', 'glad'); create domain cents as int4 check (value >= 0)`,
      `create table items (id int8 primary key, b bool, i2 int2, f4 float4, f8 float8, n numeric, t text, c char(5), v varchar(9),
        by bytea, d date, ti time, ts timestamp, tz timestamptz, iv interval, u uuid, j json, jb jsonb, a int[], ta text[],
        m mood, ce cents, o oid, mo money, r int4range, rc regclass, x xml)`,
    ],
    tables: [table],
  });
  await source.sql.query(`set timezone = 'Asia/Tokyo'`);
  const insert = (id: string) =>
    source.sql.query(
      `insert into items values (${id}, true, -7, 0.1, 1e300, 123456789012345678901234567890.123400, 'ä''"\\ ', 'ab', 'cd', '\\xdeadbeef',
       '2026-02-03', '04:05:06.789', '2026-02-03 04:05:06.7', '2026-02-03 04:05:06.789012+09', '1 year 2 days 03:04:05.6',
       '6c0d5bb6-6d5f-4a0e-9d6c-000000000001', '{"a": 1.0}', '{"b": [1, null]}', '{1,NULL,3}', '{"x y",NULL}', 'glad', 5, 4000000000, 12.34,
       '[1,5)', 'pg_class', '<a/>')`,
    );
  await insert('9007199254740993');
  await source.prepare();
  const running = await source.capture();
  await source.log.until(() => copied(source), 'the copy');
  await insert('9007199254740994');
  await source.sql.query(`insert into items (id, f4, f8) values (3, 'NaN', '-0')`);
  await source.log.until(() => source.log.changes.length === 3, 'the changes');
  await running.stop();
  const [read, created, special] = source.log.changes;
  expect(read?.operation).toBe('read');
  expect(read?.after).toEqual({ ...created?.after, id: '9007199254740993' });
  expect(created?.after).toMatchObject({
    b: true,
    i2: -7,
    f4: 0.1,
    f8: 1e300,
    ce: 5,
    o: 4_000_000_000,
    c: 'ab   ',
    n: '123456789012345678901234567890.123400',
    tz: '2026-02-02 19:05:06.789012+00',
    by: '\\xdeadbeef',
  });
  expect(special?.after).toMatchObject({ f4: 'NaN', f8: '-0' });
});

it('walks composite keys of every kind of text without missing or repeating a row', async () => {
  const source = await createSource({
    statements: [
      'create table items (a text, b numeric, c timestamptz, primary key (b, a, c))',
      `insert into items select chr(65 + n % 7) || '''"', (n % 11) * 1.5, now() + n * interval '1 second' from generate_series(1, 700) n`,
    ],
    tables: [table],
    chunkRows: 13,
  });
  await source.prepare();
  const running = await source.capture();
  await source.log.until(() => copied(source), 'the copy');
  await running.stop();
  expect(new Set(source.log.changes.map(({ key }) => JSON.stringify(key))).size).toBe(700);
  expect(source.log.changes).toHaveLength(700);
});

it('resumes at its cursor after a session died, and does not count as done before', async () => {
  const source = await withRows(3_000, 500);
  const dying: Partial<CaptureParts> = {
    // The fourth chunk, and not the fourth read: one may be repeated, for transactions elsewhere in the cluster.
    readChunk: async (client, request) => {
      if (request.after?.['id'] === 1_500) throw new Error('killed');
      return readChunk(client, request);
    },
  };
  const first = await source.capture(dying);
  await expect(first.ended).rejects.toThrow('killed');
  await first.stop().catch(() => undefined);
  expect(source.log.last?.copies[table]).toEqual({ done: false, after: { id: 1_500 }, rows: 1_500 });
  const second = await source.capture();
  await source.log.until(() => copied(source), 'the copy');
  await second.stop();
  expect(idsOf(source.log.changes)).toEqual(Array.from({ length: 3_000 }, (_, at) => at + 1));
});

it('copies beside eight writers without setting one row back', async () => {
  const seed = announceSeed('copy beside eight writers');
  const rows = Number(process.env['SLIPSTREAM_TEST_ROWS'] ?? 6_000);
  const source = await withRows(rows, 400);
  let written = 0;
  const running = await source.capture({
    // However fast the copy is: rows of each chunk are written to between its read and its place in the log.
    readChunk: async (client, request) => {
      const chunk = await readChunk(client, request);
      const wanted = written + writesPerChunk;
      await waitFor({
        what: `${writesPerChunk} writes beside a chunk`,
        seconds: 60,
        everyMs: 2,
        look: async () => written,
        until: (count) => count >= wanted,
      });
      return chunk;
    },
  });
  let writing = true;
  const writers = Array.from({ length: 8 }, (_, index) =>
    write(source, { random: seeded(seed + index), rows, goOn: () => writing, onWritten: () => (written += 1) }),
  );
  await source.log.until(() => copied(source), 'the copy');
  writing = false;
  await Promise.all(writers);
  await flush(source);
  await running.stop();
  expect(written).toBeGreaterThan(100);
  expect(setBack(source.log.changes)).toEqual([]);
  expect(fold(source.log.changes)).toEqual(await truth(source));
});

/** Updates, deletes and new births of random rows, the revision of an id only rising. */
async function write(
  source: Source,
  input: { random: Random; rows: number; goOn: () => boolean; onWritten: () => void },
): Promise<void> {
  const client = await source.connect();
  try {
    while (input.goOn()) {
      const id = 1 + Math.floor(input.random.next() * input.rows);
      const what = input.random.next();
      if (what < 0.8) await client.query('update items set revision = revision + 1 where id = $1', [id]);
      else if (what < 0.9) {
        await client.query('begin');
        const { rows } = await client.query<{ revision: number }>(
          'delete from items where id = $1 returning revision',
          [id],
        );
        if (rows[0]) await client.query('insert into items values ($1, $2)', [id, rows[0].revision + 2]);
        await client.query('commit');
      } else await client.query('delete from items where id = $1', [id]);
      input.onWritten();
    }
  } finally {
    await client.end();
  }
}
