import type { Change } from '../../../model/change';
import { closeSources, createSource, type Source } from './source';

jest.setTimeout(180_000);
afterEach(closeSources);

const table = 'create table items (id int primary key, a int, twice int generated always as (a * 2) stored)';

async function untilStreamed(source: Source, count: number): Promise<Change[]> {
  const streamed = () => source.log.changes.filter((change) => change.operation !== 'read');
  await source.log.until(() => streamed().length >= count, `${count} changes on the log`);
  return streamed();
}

describe('a table with a stored generated column', () => {
  it('can still be written to by its application, and its column travels', async () => {
    const source = await createSource({
      statements: [table, 'insert into items values (1, 1)'],
      tables: ['public.items'],
    });
    await source.prepare();
    const running = await source.capture();
    await source.log.until(() => source.log.last?.copies['public.items']?.done === true, 'the copy');
    await source.sql.query('update items set a = 2');
    await source.sql.query('delete from items');
    const changes = await untilStreamed(source, 2);
    await running.stop();
    expect(changes).toMatchObject([
      { operation: 'update', before: { id: 1, a: 1, twice: 2 }, after: { id: 1, a: 2, twice: 4 } },
      { operation: 'delete', before: { id: 1, a: 2, twice: 4 } },
    ]);
  });

  it('control: PostgreSQL refuses its updates when the publication leaves the column out', async () => {
    const source = await createSource({
      statements: [table, 'insert into items values (1, 1)'],
      tables: ['public.items'],
    });
    await source.prepare();
    const { publication } = source.options.pipeline.source;
    await source.sql.query(`alter publication "${publication}" set (publish_generated_columns = none)`);
    await expect(source.sql.query('update items set a = 2')).rejects.toThrow(/cannot update table "items"/);
    // The next start mends it.
    await source.prepare();
    await source.sql.query('update items set a = 2');
  });

  it('with one that is virtual is refused before anything is made: its application could not write any more', async () => {
    const source = await createSource({
      statements: ['create table items (id int primary key, a int, twice int generated always as (a * 2) virtual)'],
      tables: ['public.items'],
    });
    await expect(source.prepare()).rejects.toMatchObject({
      name: 'InvalidConfig',
      message: expect.stringMatching(/public\.items: its column twice is generated and virtual/) as string,
    });
    await source.sql.query('insert into items values (1, 1)');
    await source.sql.query('update items set a = 2');
  });
});
