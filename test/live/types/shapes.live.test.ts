import type { Client } from 'pg';
import { readChunk } from '../../../capture/copy/chunk';
import { readTables } from '../../../capture/session';
import { formatTableName, type Change, type Row } from '../../../model/change';
import { createMapping } from '../../../model/mapping';
import { coalesce } from '../../../model/mutation';
import { tableTopic } from '../../../model/names';
import type { StoreDefinition, TableMapping } from '../../../model/pipeline';
import type { TableSchema } from '../../../model/schema';
import { openPostgresStore } from '../../../stores/postgres/store';
import type { Store } from '../../../stores/store';
import { apply, generation, lane, owner, scanAll } from '../../contract/fixture';
import { createTestDatabase } from '../../contract/postgres-adapter';
import { closeSources, createSource, type Source } from '../capture/source';
import { withPlace } from '../stores/elasticsearch-fixture';
import { openTruth } from './truth';

jest.setTimeout(300_000);
afterEach(closeSources);

const first = generation(1);
const me = owner(1_000);
const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Captures what is there, then what `write` does, until so many changes have come. */
async function captured(source: Source, tables: readonly string[], count: number, write: () => Promise<unknown>) {
  await source.prepare();
  const running = await source.capture();
  await source.log.until(() => tables.every((table) => source.log.last?.copies[table]?.done), 'the copies');
  await write();
  await source.log.until(() => source.log.changes.length >= count, `${count} changes`);
  await running.stop();
  return source.log.changes;
}

interface Following {
  readonly source: Source;
  readonly changes: readonly Change[];
  readonly tables: Readonly<Record<string, TableMapping>>;
}

/** `piecewise`: each change in a batch of its own, as in a generation that is being built. */
async function follow(store: Store, { changes, tables }: Following, piecewise = false): Promise<void> {
  await store.prepare(first);
  await store.acquire(first, lane, me);
  const definition: StoreDefinition = { type: 'postgres', url: { env: 'X' }, schema: 'replica', tables };
  const map = createMapping(definition);
  const mutations = changes.flatMap((change, at) => map(change, String(at + 1)) ?? []);
  const batches = piecewise ? mutations.map((mutation) => [mutation]) : [coalesce(mutations)];
  for (const [at, batch] of batches.entries()) {
    await apply(store, first, { owner: me, from: at, to: at + 1, mutations: batch });
  }
}

/** Follows into a replica, and hands both sides to `compare`. */
async function inReplica(
  { source, ...following }: Following,
  compare: (sides: { source: Client; replica: Client; store: Store }) => Promise<void>,
  options: {
    readonly piecewise?: boolean;
    /** What the store is told of the tables. */
    readonly described?: (table: TableSchema) => TableSchema;
    /** Run in the replica's database before. */
    readonly statements?: readonly string[];
  } = {},
): Promise<void> {
  const database = await createTestDatabase();
  const tables = await readTables(source.url, Object.keys(following.tables));
  const catalogue = options.described ? tables.map(options.described) : tables;
  for (const statement of options.statements ?? []) await database.client.query(statement);
  const store = openPostgresStore({
    ...{ pipeline: first.pipeline, store: first.store, url: database.url, catalogue: async () => catalogue },
    definition: { type: 'postgres', url: { env: 'X' }, schema: 'replica', tables: following.tables },
  });
  const sides = { source: await openTruth(source.url), replica: await openTruth(database.url), store };
  try {
    await follow(store, { source, ...following }, options.piecewise);
    await compare(sides);
  } finally {
    await sides.source.end();
    await sides.replica.end();
    await store.close();
    await database.close();
  }
}

async function inIndex(following: Following, check: (store: Store) => Promise<void>): Promise<void> {
  const catalogue = await readTables(following.source.url, Object.keys(following.tables));
  await withPlace(async (place) => {
    const store = place.open({ tables: following.tables, catalogue });
    await follow(store, following);
    await check(store);
  });
}

async function expectSame(
  { source, replica }: { source: Client; replica: Client },
  table: string,
  target: string,
  key: string,
): Promise<void> {
  const rows = async (client: Client, name: string) =>
    (await client.query<Record<string, string | null>>(`select * from ${name} order by ${key}`)).rows;
  const expected = await rows(source, table);
  expect(expected.length).toBeGreaterThan(0);
  expect(await rows(replica, `replica_g1.${quote(target)}`)).toEqual(expected);
}

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

describe('keys that PostgreSQL calls equal and writes in two ways', () => {
  const table = 'public.keyed';
  const tables = { [table]: {} };

  /** A row that comes under one spelling and then gets another. */
  async function respelled(type: string, [one, other]: readonly [string, string], ...before: string[]) {
    const created = `create table keyed (k ${type} primary key, note text)`;
    const source = await createSource({ statements: [...before, created], tables: [table] });
    const changes = await captured(source, [table], 2, async () => {
      await source.sql.query(`insert into keyed values ('${one}', 'first')`);
      await source.sql.query(`update keyed set k = '${other}', note = 'second'`);
    });
    return { source, changes, tables };
  }

  const rowsIn = async (client: Client, relation: string) =>
    (await client.query<Record<string, string>>(`select k::text, note from ${relation}`)).rows;

  test.each([
    ['numeric', '1.50', '1.5'],
    ['numeric', '1.5', '1.50'],
    ['float8', '-0', '0'],
  ])('of %s are one key: %s and %s are one row', async (type, one, other) => {
    const following = await respelled(type, [one, other]);
    const { changes } = following;
    expect(changes.map(({ operation }) => operation)).toEqual(['create', 'update']);
    expect(new Set(changes.map(({ key }) => JSON.stringify(key))).size).toBe(1);
    // Control: as they were written, they would have been two.
    expect(new Set(changes.map(({ after }) => JSON.stringify(after?.['k']))).size).toBe(2);
    await inReplica(following, async ({ replica, store }) => {
      expect(await rowsIn(replica, 'replica_g1.keyed')).toEqual([{ k: other, note: 'second' }]);
      const ids = (await scanAll(store, first, 'keyed')).map(({ id }) => id);
      expect(ids).toEqual([`keyed/${String(changes[0]?.key['k'])}`]);
    });
  });

  const ambiguous: [string, string, string, string][] = [
    ['citext', 'Ann', 'ann', 'create extension citext'],
    ['interval', '1 day', '24:00:00', 'select'],
    ['jsonb', '1.0', '1.00', 'select'],
    ['numeric[]', '{1.0}', '{1.00}', 'select'],
  ];

  /** In another partition each: while a generation is built, all of the later one may come before the earlier one. */
  function latestFirst(changes: readonly Change[]): Change[] {
    const [come, gone, again] = changes;
    if (!come || !gone || !again || changes.length !== 3) throw new Error(`three changes, not ${changes.length}`);
    return [again, come, gone];
  }

  test.each(ambiguous)(
    'of %s are two rows, which come in either order: %s and %s',
    async (type, one, other, before) => {
      const following = await respelled(type, [one, other], before);
      expect(following.changes.map(({ operation }) => operation)).toEqual(['create', 'delete', 'create']);
      const worst = { ...following, changes: latestFirst(following.changes) };
      await inReplica(
        worst,
        async ({ source, replica }) =>
          expect(await rowsIn(replica, 'replica_g1.keyed')).toEqual(await rowsIn(source, table)),
        { piecewise: true, statements: [before] },
      );
    },
  );

  test.each(ambiguous)(
    'control: with a key of type %s in the replica the row is lost',
    async (type, one, other, before) => {
      const following = await respelled(type, [one, other], before);
      const worst = { ...following, changes: latestFirst(following.changes) };
      // As if nothing were known against it.
      const described = (schema: TableSchema): TableSchema => ({
        ...schema,
        columns: schema.columns.map((column) => ({ ...column, baseType: 'text' })),
      });
      await inReplica(worst, async ({ replica }) => expect(await rowsIn(replica, 'replica_g1.keyed')).toEqual([]), {
        piecewise: true,
        described,
        statements: [before],
      });
    },
  );
});

describe('the copy of a table whose key is of an extension’s type', () => {
  const names = ['a', 'B', 'c', 'D', 'e', 'F', 'g', 'H'];
  const tree = (name: string) => `top.${name}`;

  test.each([
    ['citext', 'citext', names, 'k'],
    ['ltree', 'ltree', names.map(tree), 'k'],
    ['citext beside another', 'citext', names, 'k, n'],
  ])('finds every row, in chunks of three: %s', async (_what, type, keys, key) => {
    const source = await createSource({
      statements: [
        'create schema "Ext ensions"',
        `create extension ${type} schema "Ext ensions"`,
        `create table keyed (n int, k "Ext ensions".${type}, primary key (${key}))`,
        ...keys.map(
          (each) => `insert into keyed select n, '${each}' from generate_series(1, ${key === 'k' ? 1 : 3}) n`,
        ),
      ],
      tables: ['public.keyed'],
      chunkRows: 3,
    });
    const changes = await captured(source, ['public.keyed'], keys.length, async () => undefined);
    const { rows } = await source.sql.query<{ n: number; k: string }>('select n, k::text from keyed order by 2, 1');
    const byKey = (row: Row | null) => JSON.stringify([row?.['k'], row?.['n']]);
    expect(changes.map(({ after }) => byKey(after)).sort()).toEqual(rows.map(byKey).sort());
  });

  test('control: found by search_path alone, the operators of citext are those of text, and rows are passed over', async () => {
    const source = await createSource({
      statements: [
        'create extension citext',
        'create table keyed (k citext collate "C" primary key)',
        ...names.map((name) => `insert into keyed values ('${name}')`),
      ],
      tables: ['public.keyed'],
      chunkRows: 3,
    });
    await source.prepare();
    const running = await source.capture({
      readChunk: (client, { table, ...request }) =>
        readChunk(client, { ...request, table: { ...table, keyOperators: ['pg_catalog'] } }),
    });
    await source.log.until(() => source.log.last?.copies['public.keyed']?.done === true, 'the copy');
    await running.stop();
    expect(new Set(source.log.changes.map(({ key }) => key['k'])).size).toBeLessThan(names.length);
  });
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
