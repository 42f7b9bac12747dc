import { comparePositions, lsnToText } from '../../../model/position';
import { closeSources, createSource, type Source } from './source';

jest.setTimeout(180_000);
afterEach(closeSources);

async function withItems(): Promise<Source> {
  const source = await createSource({
    statements: ['create table items (id int primary key, name text)', 'create table other (id int)'],
    tables: ['public.items'],
  });
  await source.prepare();
  return source;
}

const keys = (source: Source) =>
  source.log.changes.filter(({ operation }) => operation !== 'read').map(({ key }) => key['id']);

/** One transaction that is fine, then one that begins well and holds the statement. */
async function provoke(source: Source, statement: string): Promise<unknown> {
  const running = await source.capture();
  await source.log.until(() => source.log.last?.copies['public.items']?.done === true, 'the copy');
  await source.sql.query('insert into items values (1)');
  await source.sql.query(`begin; insert into items values (2); ${statement}; commit`);
  await source.sql.query('insert into items values (3)').catch(() => undefined); // the column may be gone by now
  const error: unknown = await running.ended.catch((reason: unknown) => reason);
  await running.stop().catch(() => undefined);
  return error;
}

it.each([
  [
    `update items set name = ''; alter table items drop constraint items_pkey; alter table items alter name set not null, add primary key (id, name); insert into items values (9, 'secret')`,
    'schema-changed',
    'key',
  ],
])('%s blocks capture with its reason, and confirms nothing of its transaction', async (statement, reason, named) => {
  const source = await withItems();
  const error = await provoke(source, statement);
  expect(error).toMatchObject({ name: 'Blocked', reason, message: expect.stringContaining(named) as string });
  expect((error as Error).message).not.toContain('secret');
  // What was complete before it is in the log; of its own transaction nothing is confirmed.
  const { rows } = await source.sql.query<{ behind: boolean }>(
    'select confirmed_flush_lsn <= $2::pg_lsn as behind from pg_replication_slots where slot_name = $1',
    [source.options.pipeline.source.slot, lsnToText(source.log.last?.position.lsn ?? '0')],
  );
  expect(rows).toEqual([{ behind: true }]);
  expect(keys(source).filter((key) => key !== 1)).toEqual([]);
  const again = await source
    .capture()
    .then(
      (running) => running.ended.finally(() => running.stop().catch(() => undefined)),
      (reason: unknown) => Promise.reject(reason as Error),
    )
    .catch((reason: unknown) => reason);
  expect(again).toMatchObject({ name: 'Blocked', reason });
});

it('TRUNCATE of a table that is not captured is nobody’s business', async () => {
  const source = await withItems();
  await source.sql.query(`alter publication "${source.options.pipeline.source.publication}" add table other`);
  const running = await source.capture();
  await source.sql.query('truncate other');
  await source.sql.query('insert into items values (1)');
  await source.log.until(() => keys(source).length === 1, 'the change');
  await running.stop();
  expect(source.log.changes.map(({ operation }) => operation)).toEqual(['create']);
  const positions = source.log.appends.map(({ record }) => record.position);
  expect(positions.length).toBeGreaterThan(1);
  expect([...positions].sort(comparePositions)).toEqual(positions);
});
