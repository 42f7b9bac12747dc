import { readChunk, type Chunk } from '../../../capture/copy/chunk';
import { stateOf } from '../../../capture/copy/copied-row';
import { readCatalogue, type CapturedTable } from '../../../capture/source/catalogue';
import { connect } from '../../../capture/source/connection';
import { closeSources, createSource, type Source } from './source';

jest.setTimeout(120_000);
afterEach(closeSources);

const MiB = 1024 * 1024;

/** Narrow rows, then one of 3 MiB, then ten of 2 MiB, then narrow ones again. */
async function withWideRows(): Promise<{ source: Source; table: CapturedTable }> {
  const source = await createSource({
    statements: [
      'create table docs (id int primary key, note text, data jsonb)',
      'alter table docs alter column note set storage external',
      `insert into docs select n, 'n' from generate_series(1, 700) n`,
      `insert into docs values (701, repeat('x', 3 * ${MiB}))`,
      `insert into docs select n, repeat('y', 2 * ${MiB}) from generate_series(702, 711) n`,
      `insert into docs select n, null, '{}' from generate_series(712, 1000) n`,
    ],
    tables: ['public.docs'],
  });
  return { source, table: await tableOf(source) };
}

async function tableOf(source: Source): Promise<CapturedTable> {
  const client = await connect(source.url);
  const [table] = await readCatalogue(client, ['public.docs']);
  await client.end();
  if (!table) throw new Error('no table');
  return table;
}

/** All chunks of the table; `between`: what happens to each chunk's statements on their way. */
async function chunksOf(
  { source, table }: { source: Source; table: CapturedTable },
  between: Meddle = (text, query) => query(text),
): Promise<Chunk[]> {
  const client = await connect(source.url);
  const meddled = Object.assign(Object.create(client) as typeof client, {
    query: (text: string) => between(text, (sent) => client.query(sent)),
  });
  const chunks: Chunk[] = [];
  do {
    const lastRow = chunks.at(-1)?.rows.at(-1);
    const after = lastRow ? { id: stateOf(lastRow)['id'] ?? null } : null;
    chunks.push(await readChunk(meddled, { table, after, limit: 500 }));
  } while (!chunks.at(-1)?.last);
  await client.end();
  return chunks;
}

type Meddle = (text: string, query: (text: string) => Promise<unknown>) => Promise<unknown>;

const sum = 'coalesce(sum(width), 0)';
const largest = (chunks: readonly Chunk[]) => Math.max(...chunks.map(({ bytes }) => bytes));
/** The row that passes the bound belongs to the chunk, which is never empty. */
const bound = (widestRow: number) => 4 * MiB + widestRow;

it('a chunk has about 4 MiB, however wide its rows are and whatever those before were, and all rows come once', async () => {
  const chunks = await chunksOf(await withWideRows());
  expect(chunks.flatMap(({ rows }) => rows.map((row) => stateOf(row)['id']))).toEqual(
    Array.from({ length: 1000 }, (_, at) => at + 1),
  );
  expect(largest(chunks)).toBeLessThanOrEqual(bound(2 * MiB));
  expect(chunks.map(({ rows }) => rows.length)).toEqual([500, 202, 2, 2, 2, 2, 290]);
});

it('control: where the sum that is asked for first says that all of it fits, a chunk is what its rows are', async () => {
  const chunks = await chunksOf(await withWideRows(), (text, query) => query(text.replace(sum, '0')));
  expect(largest(chunks)).toBeGreaterThan(20 * MiB);
});

/** Rows that are narrow until the first chunk's text has been summed, and wide when it is sent. */
async function widenedMeanwhile(meddle: (text: string) => string): Promise<Chunk[]> {
  const source = await createSource({
    statements: [
      'create table docs (id int primary key, note text)',
      'alter table docs alter column note set storage external',
      `insert into docs select n, 'n' from generate_series(1, 40) n`,
    ],
    tables: ['public.docs'],
  });
  let widened = false;
  return chunksOf({ source, table: await tableOf(source) }, async (text, query) => {
    const answer = await query(meddle(text));
    if (!widened && text.includes(sum)) await source.sql.query(`update docs set note = repeat('w', ${MiB})`);
    widened ||= text.includes(sum);
    return answer;
  });
}

it('rows that become wide between the sum and the page are sent as they were summed: both have one snapshot', async () => {
  expect(largest(await widenedMeanwhile((text) => text))).toBeLessThanOrEqual(bound(MiB));
});

it('control: with a snapshot each, the page is what they have become', async () => {
  const apart = (text: string) => text.replace('repeatable read', 'read committed');
  expect(largest(await widenedMeanwhile(apart))).toBeGreaterThan(39 * MiB);
});
