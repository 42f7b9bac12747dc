import { formatTableName } from '../../../model/change';
import { tableTopic } from '../../../model/names';
import { scanAll } from '../../contract/fixture';
import { closeSources, createSource } from '../capture/source';
import { captured, expectSame, first, inIndex, inReplica, quote } from './following';

jest.setTimeout(300_000);
afterEach(closeSources);

const kinds = ['int', 'text', 'bool', 'numeric(6,2)', 'timestamptz', 'date', 'float4', 'uuid'];
const values = ['n', `'t' || n`, 'n % 2 = 0', 'n * 1.5', `now()`, `'2026-01-01'`, 'n / 7.0', 'gen_random_uuid()'];

/** A table of so many columns, its key among them in the middle; no more of them filled than fit into a page. */
function wideTable(columns: number): { create: string; insert: (n: string) => string } {
  const at = (index: number) => index % kinds.length;
  const filled = (index: number) => index < 300 || index % 8 === 2;
  const names = Array.from({ length: columns }, (_, index) => (index === 100 ? 'id' : `c${index}`));
  const declared = names.map((name, index) =>
    name === 'id' ? 'id int8 primary key' : `${name} ${filled(index) ? kinds[at(index)] : 'text'}`,
  );
  return {
    create: `create table wide (${declared.join(', ')})`,
    insert: (n) =>
      `insert into wide select ${names
        .map((name, index) => (name === 'id' ? 'n' : filled(index) ? values[at(index)] : 'null'))
        .join(', ')} from generate_series(${n}) n`,
  };
}

test.each([300, 1_600])('a table of %d columns is carried whole, copied and streamed', async (columns) => {
  const { create, insert } = wideTable(columns);
  const source = await createSource({ statements: [create, insert('1, 20')], tables: ['public.wide'] });
  const changes = await captured(source, ['public.wide'], 42, async () => {
    await source.sql.query(insert('21, 40'));
    await source.sql.query(`update wide set c${columns - 1} = null where id = 1`);
    await source.sql.query('delete from wide where id = 2');
  });
  expect(Object.keys(changes[0]?.after ?? {})).toHaveLength(columns);
  const following = { source, changes, tables: { 'public.wide': {} } };
  await inReplica(following, (sides) => expectSame(sides, 'public.wide', 'wide', 'id'));
  await inIndex(following, async (store) => {
    const documents = await scanAll(store, first, 'wide');
    expect(documents).toHaveLength(39);
    expect(Object.keys(documents[0]?.body ?? {})).toHaveLength(columns);
  });
});

test('a table of nothing but its key is carried', async () => {
  const source = await createSource({
    statements: [
      'create table pairs (a int, b text, primary key (b, a))',
      `insert into pairs values (1, 'x'), (2, 'x')`,
    ],
    tables: ['public.pairs'],
  });
  const changes = await captured(source, ['public.pairs'], 6, async () => {
    await source.sql.query(`insert into pairs values (3, '')`);
    await source.sql.query(`update pairs set a = 9 where a = 1`);
    await source.sql.query(`delete from pairs where a = 2`);
  });
  await inReplica({ source, changes, tables: { 'public.pairs': {} } }, (sides) =>
    expectSame(sides, 'public.pairs', 'pairs', 'a, b'),
  );
});

test('names of 63 bytes, made of whatever PostgreSQL allows, are carried', async () => {
  const schema = '.'.repeat(63);
  const table = `"${'語'.repeat(20)}'`;
  const columns = [
    '"'.repeat(63),
    '😀'.repeat(15),
    'a.b',
    ' ',
    'constructor',
    'toString',
    '1',
    '"1"',
    '\\',
    'select',
    '_id',
  ];
  const name = formatTableName({ schema, table });
  const relation = `${quote(schema)}.${quote(table)}`;
  const declared = columns.map((column, index) => `${quote(column)} ${index === 0 ? 'text primary key' : 'text'}`);
  const row = (key: string) =>
    `insert into ${relation} values (${columns.map((_, at) => `'${at === 0 ? key : `v${at}`}'`).join(', ')})`;
  const source = await createSource({
    statements: [`create schema ${quote(schema)}`, `create table ${relation} (${declared.join(', ')})`, row('a/b%2F')],
    tables: [name],
  });
  const changes = await captured(source, [name], 4, async () => {
    await source.sql.query(row('ö "x"'));
    await source.sql.query(`update ${relation} set ${quote('constructor')} = 'changed'`);
  });
  expect(new Set(changes.map((change) => change.table))).toEqual(new Set([name]));
  expect(tableTopic(source.database, name)).toMatch(/^[A-Za-z0-9._-]{1,249}$/);
  const key = quote(columns[0] ?? '');
  await inReplica({ source, changes, tables: { [name]: {} } }, async (sides) => {
    await expectSame(sides, relation, table, key);
    expect((await scanAll(sides.store, first, table, 1)).map(({ id }) => id)).toHaveLength(2);
  });
  const rename = { 'a.b': 'a_b', ' ': 'blank', _id: 'own_id' };
  await inIndex({ source, changes, tables: { [name]: { rename } } }, async (store) => {
    const bodies = (await scanAll(store, first, table, 1)).map(({ body }) => body);
    expect(bodies).toHaveLength(2);
    expect(bodies[0]).toMatchObject({ constructor: 'changed', own_id: 'v10', [columns[0] ?? '']: 'a/b%2F' });
  });
});

test('a partitioned history is one table, whatever order its partitions have their columns in', async () => {
  const source = await createSource({
    statements: [
      'create table history (at timestamptz, gone int, id int8 generated always as identity, note text, seen numeric, primary key (id, at)) partition by range (at)',
      'alter table history drop column gone',
      `create table history_2025 partition of history for values from ('2025-01-01') to ('2026-01-01')`,
      'create table history_old (seen numeric, note text, filler int, id int8 not null, at timestamptz not null)',
      'alter table history_old drop column filler',
      `alter table history attach partition history_old for values from (minvalue) to ('2025-01-01')`,
      `create table history_rest partition of history default partition by hash (id)`,
      'create table history_rest_0 partition of history_rest for values with (modulus 2, remainder 0)',
      'create table history_rest_1 partition of history_rest for values with (modulus 2, remainder 1)',
      `insert into history (at, note, seen) select timestamptz '2024-06-01' + n * interval '20 days', 'n' || n, n from generate_series(1, 50) n`,
    ],
    tables: ['public.history'],
  });
  const changes = await captured(source, ['public.history'], 63, async () => {
    await source.sql.query(
      `insert into history (at, note) values ('2023-01-01', 'old'), ('2025-05-05', 'mid'), ('2031-01-01', 'new')`,
    );
    // Into another partition: a delete there and an insert here.
    await source.sql.query(`update history set at = at + interval '3 years' where id <= 5`);
  });
  await inReplica({ source, changes, tables: { 'public.history': {} } }, (sides) =>
    expectSame(sides, 'public.history', 'history', 'id, at'),
  );
});

describe('what cannot be carried is refused before anything is made', () => {
  test.each([
    [
      'a column called __proto__',
      'create table odd (id int primary key, "__proto__" text)',
      /a column is called __proto__/,
    ],
    [
      'a number as a column of a key of several',
      'create table odd (a int, "1" int, primary key (a, "1"))',
      /its key has several columns, and one is called 1/,
    ],
  ])('%s', async (_what, statement, message) => {
    const source = await createSource({ statements: [statement], tables: ['public.odd'] });
    await expect(source.prepare()).rejects.toMatchObject({
      name: 'InvalidConfig',
      message: expect.stringMatching(message) as string,
    });
    const { rows } = await source.sql.query(
      `select from pg_publication union all select from pg_replication_slots where database = current_database()`,
    );
    expect(rows).toEqual([]);
    expect(source.log.last).toBeNull();
  });
});
