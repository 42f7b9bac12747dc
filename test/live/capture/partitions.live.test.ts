import type { CaptureParts } from '../../../capture/session';
import { judgeTableChange } from '../../../capture/table-change';
import type { Change } from '../../../model/change';
import { closeSources, createSource, hurriedClock, type Source } from './source';

jest.setTimeout(180_000);
afterEach(closeSources);

const table = 'public.events';

async function withEvents(): Promise<Source> {
  const source = await createSource({
    statements: [
      'create table events (id int, kind int, name text, primary key (id, kind)) partition by list (kind)',
      'create table events_1 partition of events for values in (1)',
      'create table events_2 partition of events for values in (2)',
      `insert into events select n, 1 + n % 2, 'a' from generate_series(1, 200) n`,
      'create table other (id int, kind int, name text, primary key (id, kind))',
      `insert into other select n, 3, 'b' from generate_series(1, 150) n`,
    ],
    tables: [table],
    chunkRows: 100,
  });
  await source.prepare();
  return source;
}

const copied = (source: Source) => source.log.last?.copies[table]?.done === true;
const known = (source: Source) => source.log.last?.partitions?.[table]?.length;

function fold(changes: readonly Change[]): string[] {
  const keys = new Set<string>();
  for (const { key, after } of changes) {
    if (after === null) keys.delete(Object.values(key).join('/'));
    else keys.add(Object.values(key).join('/'));
  }
  return [...keys].sort();
}

async function truth(source: Source): Promise<string[]> {
  const { rows } = await source.sql.query<{ key: string }>(`select id || '/' || kind as key from events`);
  return rows.map(({ key }) => key).sort();
}

const attach = 'alter table events attach partition other for values in (3)';

/** The log says that it knows the third partition, and that whatever had to be copied for it is copied. */
const untilKnown = (source: Source) =>
  source.log.until(() => known(source) === 3 && copied(source), 'the third partition', 60_000);

it.each([
  ['under a running session', true],
  ['while no session looks', false],
])('a partition that is attached with rows in it, %s: its rows are copied', async (_when, running) => {
  const source = await withEvents();
  const first = await source.capture(hurriedClock());
  await source.log.until(() => copied(source), 'the copy');
  if (!running) await first.stop();
  await source.sql.query(attach);
  await source.sql.query(`update events set name = 'c' where id = 5; delete from events where id = 6 and kind = 3`);
  const second = running ? first : await source.capture();
  await untilKnown(source);
  await second.stop();
  expect(fold(source.log.changes)).toEqual(await truth(source));
  expect(await truth(source)).toHaveLength(349);
});

it('control: without the look at partitions, the rows of one that is attached never come', async () => {
  const source = await withEvents();
  const judge: CaptureParts['judgeTable'] = (before, now) => judgeTableChange(before, { ...now, attachedRows: [] });
  const running = await source.capture({ judgeTable: judge, ...hurriedClock() });
  await source.log.until(() => copied(source), 'the copy');
  await source.sql.query(attach);
  await untilKnown(source);
  await running.stop();
  expect(fold(source.log.changes)).not.toEqual(await truth(source));
});

it('a partition that is created, and one attached without rows, are followed without a copy', async () => {
  const source = await withEvents();
  const running = await source.capture(hurriedClock());
  await source.log.until(() => copied(source), 'the copy');
  const copies = () => source.log.changes.filter(({ operation }) => operation === 'read').length;
  const before = copies();
  await source.sql.query('create table events_3 partition of events for values in (3)');
  await untilKnown(source);
  await source.sql.query(`insert into events values (1000, 3, 'c')`);
  await source.log.until(() => source.log.changes.some(({ key }) => key['id'] === 1_000), 'the row');
  await running.stop();
  expect(copies()).toBe(before);
  expect(fold(source.log.changes)).toEqual(await truth(source));
});
