import { openAbsentColumns } from '../../../activities/absent-columns';
import { openRowReader } from '../../../capture/source/row-reader';
import type { Row } from '../../../model/change';
import { announceSeed, seeded } from '../../support/random';
import { closeSources, createSource, type Source } from './source';

jest.setTimeout(180_000);
afterEach(closeSources);

const table = 'public.items';

/** Incompressible, and too long to stay in the row. */
const long = (salt: string) => `(select string_agg(md5(n::text || '${salt}'), '') from generate_series(1, 200) n)`;

const identities = {
  full: 'alter table items replica identity full',
  default: 'alter table items replica identity default',
  'using index':
    'create unique index items_code on items (code); alter table items replica identity using index items_code',
};
type Identity = keyof typeof identities;

async function withItems(identity: Identity, replicaIdentity: 'full' | 'read-back'): Promise<Source> {
  const source = await createSource({
    statements: [
      'create table items (id int primary key, code int not null, name text, note text)',
      'alter table items alter note set storage external',
      identities[identity],
      `insert into items select n, -n, 'a', ${long('first')} from generate_series(1, 40) n`,
    ],
    tables: [table],
    replicaIdentity,
  });
  await source.prepare();
  return source;
}

const copied = (source: Source) => source.log.last?.copies[table]?.done === true;

/** What a store of all columns ends with, each record completed as a lane completes it. */
async function fold(source: Source, complete: boolean): Promise<Record<string, Row>> {
  const definition = source.options.pipeline.stores['copy'];
  if (!definition) throw new Error('the pipeline of this test has no store');
  const absent = openAbsentColumns(definition, () => openRowReader(source.url));
  const rows = new Map<string, Row>();
  try {
    for (const change of source.log.changes) {
      const outcome = complete ? await absent.complete(change, new AbortController().signal) : change;
      const key = JSON.stringify(change.key);
      if (outcome.after === null) rows.delete(key);
      else rows.set(key, outcome.after);
    }
  } finally {
    await absent.close();
  }
  return Object.fromEntries([...rows.values()].map((row) => [String(row['id']), row]));
}

async function truth(source: Source): Promise<Record<string, Row>> {
  const { rows } = await source.sql.query<Row>('select * from items');
  return Object.fromEntries(rows.map((row) => [String(row['id']), row]));
}

/** Updates that leave the long value alone, some that do not, deletes and new births, four at a time. */
async function write(source: Source, seed: number): Promise<void> {
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    const random = seeded(seed + writer);
    const client = await source.connect();
    try {
      for (let step = 0; step < 60; step += 1) {
        const id = random.between(1, 40);
        const what = random.next();
        if (what < 0.6) await client.query('update items set name = $2 where id = $1', [id, `${writer}/${step}`]);
        else if (what < 0.75)
          await client.query(`update items set note = ${long(`${writer}/${step}`)} where id = $1`, [id]);
        else if (what < 0.85) await client.query('delete from items where id = $1', [id]);
        else if (what < 0.95)
          await client.query(`insert into items values ($1, -$1::int, 'b', ${long('again')}) on conflict do nothing`, [
            id,
          ]);
        else await client.query('update items set id = id + 100, code = code - 100 where id = $1', [id]).catch(taken);
      }
    } finally {
      await client.end();
    }
  });
  await Promise.all(writers);
}

/** The key a row was to move to is another row's by now. */
function taken(error: unknown): void {
  if ((error as { code?: unknown }).code !== '23505') throw error;
}

async function untilLast(source: Source): Promise<void> {
  await source.sql.query(`insert into items values (100000, -100000, 'the last')`);
  const key = (change: { key: Row }) => Object.values(change.key).some((value) => Math.abs(Number(value)) === 100_000);
  await source.log.until(() => source.log.changes.some(key) && source.log.last?.closed === true, 'the last row');
}

const absentOf = (source: Source) => source.log.changes.filter(({ absent }) => absent !== undefined);

describe.each<Identity>(['full', 'default', 'using index'])('read-back under REPLICA IDENTITY %s', (identity) => {
  it('ends with the source’s rows, long values included, under updates and deletes side by side', async () => {
    const seed = announceSeed(`read-back, ${identity}`);
    const source = await withItems(identity, 'read-back');
    const running = await source.capture();
    await source.log.until(() => copied(source), 'the copy');
    await write(source, seed);
    await untilLast(source);
    await running.stop();
    expect(absentOf(source).length > 0).toBe(identity !== 'full');
    expect(absentOf(source).every(({ absent }) => absent?.join() === 'note')).toBe(true);
    expect(await fold(source, true)).toEqual(await truth(source));
    const { rows } = await source.sql.query<{ identity: string }>(
      `select relreplident as identity from pg_class where oid = 'items'::regclass`,
    );
    expect(rows[0]?.identity).toBe(identity === 'using index' ? 'i' : identity[0]);
  });
});

it('control: without the read-back a column is missing', async () => {
  const source = await withItems('default', 'read-back');
  const running = await source.capture();
  await source.log.until(() => copied(source), 'the copy');
  await source.sql.query(`update items set name = 'changed' where id = 7`);
  await untilLast(source);
  await running.stop();
  expect(await fold(source, false)).not.toEqual(await truth(source));
  expect((await fold(source, false))['7']).toEqual({ id: 7, code: -7, name: 'changed' });
});

it('a row that is gone by the time it is read is gone, and its delete is on the log', async () => {
  const source = await withItems('default', 'read-back');
  const running = await source.capture();
  await source.log.until(() => copied(source), 'the copy');
  await source.sql.query(`update items set name = 'changed' where id = 7`);
  await source.sql.query('delete from items where id = 7');
  await untilLast(source);
  await running.stop();
  const ofSeven = source.log.changes.filter(({ key, operation }) => key['id'] === 7 && operation !== 'read');
  expect(ofSeven.map(({ operation, absent }) => [operation, absent])).toEqual([
    ['update', ['note']],
    ['delete', undefined],
  ]);
  expect(await fold(source, true)).toEqual(await truth(source));
});

it('by default a table is made to log whole rows, and nothing is read back', async () => {
  const source = await withItems('default', 'full');
  const running = await source.capture();
  await source.log.until(() => copied(source), 'the copy');
  await source.sql.query(`update items set name = 'changed' where id = 7`);
  await untilLast(source);
  await running.stop();
  expect(absentOf(source)).toEqual([]);
  expect(await fold(source, false)).toEqual(await truth(source));
});

it('an identity that PostgreSQL refuses changes under is refused before anything is made', async () => {
  const source = await createSource({
    statements: ['create table items (id int primary key)', 'alter table items replica identity nothing'],
    tables: [table],
    replicaIdentity: 'read-back',
  });
  await expect(source.prepare()).rejects.toMatchObject({
    name: 'InvalidConfig',
    message: expect.stringContaining('replica identity default') as string,
  });
});
