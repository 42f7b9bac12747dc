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
  const client = await connect(source.url);
  const [table] = await readCatalogue(client, ['public.docs']);
  await client.end();
  if (!table) throw new Error('no table');
  return { source, table };
}

it('a chunk has about 4 MiB, however wide its rows are and whatever those before were, and all rows come once', async () => {
  const { source, table } = await withWideRows();
  const client = await connect(source.url);
  const chunks: Chunk[] = [];
  do {
    const lastRow = chunks.at(-1)?.rows.at(-1);
    const after = lastRow ? { id: stateOf(lastRow)['id'] ?? null } : null;
    chunks.push(await readChunk(client, { table, after, limit: 500 }));
  } while (!chunks.at(-1)?.last);
  await client.end();
  expect(chunks.flatMap(({ rows }) => rows.map((row) => stateOf(row)['id']))).toEqual(
    Array.from({ length: 1000 }, (_, at) => at + 1),
  );
  // The row that passes the bound belongs to it: a chunk is never empty.
  for (const { bytes } of chunks) expect(bytes).toBeLessThanOrEqual(4 * MiB + 2 * MiB);
  expect(chunks.map(({ rows }) => rows.length)).toEqual([500, 202, 2, 2, 2, 2, 290]);
});
