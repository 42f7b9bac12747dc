import type { Closing } from '../../../stream/log';
import { closeSources, createSource, type Source } from './source';

jest.setTimeout(180_000);
afterEach(closeSources);

const items = 'public.items';
const others = 'public.others';

/** A table is captured, is left out of the pipeline for a while, in which its rows change, and is captured again. */
async function leftOut(rewrite: (closing: Closing) => Closing = (closing) => closing): Promise<Source> {
  const source = await createSource({
    statements: [
      'create table items (id int primary key, name text)',
      'create table others (id int primary key, name text)',
      `insert into others values (1, 'stays'), (2, 'changes'), (3, 'goes')`,
    ],
    tables: [items, others],
  });
  const copied = () => source.log.last?.copies[others]?.done === true;
  await source.prepare();
  const first = await source.capture();
  await source.log.until(copied, 'the copy');
  await first.stop();

  source.capturing([items]);
  source.log.rewrite = rewrite;
  const second = await source.capture();
  await source.sql.query(`update others set name = 'changed' where id = 2; delete from others where id = 3`);
  await source.sql.query(`insert into others values (4, 'came'); insert into items values (7, 'captured')`);
  await source.log.until(() => source.log.changes.some(({ key }) => key['id'] === 7), 'the row that is captured');
  await second.stop();

  source.capturing([items, others]);
  await source.prepare();
  const third = await source.capture();
  await source.sql.query(`insert into others values (5, 'streamed')`);
  const streamed = () => source.log.changes.some(({ key }) => key['id'] === 5);
  await source.log.until(() => streamed() && copied(), 'a row that is streamed, and the copy');
  await third.stop();
  return source;
}

/** What a reader of the log ends with. */
function fold({ log }: Source): Record<string, unknown> {
  const rows: Record<string, unknown> = {};
  for (const { table, key, after } of log.changes) {
    if (table !== others) continue;
    if (after === null) delete rows[String(key['id'])];
    else rows[String(key['id'])] = after['name'];
  }
  return rows;
}

test('a table that was left out for a while is copied again, and swept: its changes were not captured', async () => {
  expect(fold(await leftOut())).toEqual({ 1: 'stays', 2: 'changed', 4: 'came', 5: 'streamed' });
});

test('control: were its copy to count as done, they would be missing', async () => {
  const forgetful = (closing: Closing): Closing => {
    const copies = { ...closing.copies, [others]: { done: true, after: { id: 3 }, rows: 3 } };
    return { ...closing, copies };
  };
  expect(fold(await leftOut(forgetful))).toEqual({ 1: 'stays', 2: 'changes', 3: 'goes', 5: 'streamed' });
});
