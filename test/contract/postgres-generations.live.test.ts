import { InvalidConfig, Unavailable } from '../../model/errors';
import type { TableSchema } from '../../model/schema';
import { connectTo, type Statement } from '../../stores/postgres/connection';
import type { PostgresParts } from '../../stores/postgres/store';
import type { Store } from '../../stores/store';
import {
  account,
  apply,
  catalogue,
  failure,
  generation,
  lane,
  mutation,
  owner,
  renamedAccount,
  renamedTables,
} from './fixture';
import { schema } from './postgres-adapter';
import { postgresStores, type Opening } from './postgres-stores';

const first = generation(1);
const second = generation(2);
const me = owner(1000);

const stores = postgresStores();
const open = (opening?: Opening) => stores.open(opening);

async function sql(text: string): Promise<Record<string, unknown>[]> {
  return (await stores.client.query<Record<string, unknown>>(text)).rows;
}

async function expectRefusal(promise: Promise<unknown>, ...parts: readonly string[]): Promise<void> {
  const error = await failure(promise);
  expect(error).toBeInstanceOf(InvalidConfig);
  for (const part of parts) expect(error.message).toContain(part);
}

describe("what is not the store's is never taken", () => {
  test("a table where a view must go is named, and the readers' schema is left as it was", async () => {
    await sql(`create schema ${schema}`);
    await sql(`create table ${schema}.accounts (id int)`);
    await expectRefusal(open().prepare(first), `${schema}.accounts`);
    expect(await sql(`select nspname from pg_namespace where nspname like '${schema}%'`)).toEqual([
      { nspname: schema },
    ]);
    expect(await sql(`select relname from pg_class where relnamespace = '${schema}'::regnamespace`)).toHaveLength(1);
  });

  test('a table that came later stops the promotion', async () => {
    const store = open();
    await store.prepare(first);
    await sql(`create table ${schema}.accounts (id int)`);
    await expectRefusal(store.promote(first), `${schema}.accounts`);
    expect((await store.inspect()).live).toBeNull();
  });

  test("a schema with a generation's name that is not one is named", async () => {
    await sql(`create schema ${schema}_g1`);
    await expectRefusal(open().prepare(first), `${schema}_g1`);
    await expectRefusal(open().drop(first), `${schema}_g1`);
  });

  test('two stores cannot share a schema', async () => {
    await open().prepare(first);
    const other = open({ store: 'other' });
    await expectRefusal(other.prepare({ ...first, store: 'other' }), schema);
    expect(await other.inspect()).toEqual({ generations: [], live: null });
  });

  test('a unique or foreign key added to our tables is named when they are adopted', async () => {
    const store = open();
    await store.prepare(first);
    await sql(`create unique index one_holder on ${schema}_g1.accounts (holder)`);
    await expectRefusal(store.prepare(first), 'one_holder');
  });

  test("dropping a generation leaves others' tables in its schema, and says so", async () => {
    const store = open();
    await store.prepare(first);
    await sql(`create table ${schema}_g1.notes (id int)`);
    await expectRefusal(store.drop(first), `${schema}_g1`);
    await sql(`drop table ${schema}_g1.notes`);
    await store.drop(first);
    expect(await store.inspect()).toEqual({ generations: [], live: null });
  });
});

describe('a mapping that does not fit is refused before anything is made', () => {
  test.each([
    ['an unknown table', { mapping: { 'public.nothing': {} } }, 'public.nothing'],
    ['an unknown column', { mapping: { 'public.accounts': { select: ['id', 'nope'] } } }, "'nope'"],
    ['a key that is not selected', { mapping: { 'public.accounts': { select: ['holder'] } } }, "'id'"],
  ])('%s', async (_, opening, named) => {
    const store = open(opening);
    await expectRefusal(store.prepare(first), named);
    expect(await sql(`select from pg_namespace where nspname like '${schema}%'`)).toEqual([]);
  });
});

describe('promotion', () => {
  async function promoted(): Promise<Store> {
    const store = open();
    await store.prepare(first);
    await store.acquire(first, lane, me);
    await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 1, 0)] });
    await store.promote(first);
    return store;
  }

  test('privileges and comments of the views stay, whether or not the columns change', async () => {
    await promoted();
    const reader = `reader_${process.pid}_${Date.now()}`;
    await sql(`create role ${reader}`);
    try {
      await sql(`grant usage on schema ${schema} to ${reader}`);
      await sql(`grant select on ${schema}.accounts, ${schema}.lines to ${reader}`);
      await sql(`comment on view ${schema}.accounts is 'it''s ours'`);
      const later = open({ mapping: renamedTables });
      await later.prepare(second);
      await later.promote(second);
      await sql(`set role ${reader}`);
      expect(await sql(`select owner_name from ${schema}.accounts`)).toEqual([]);
      expect(await sql(`select * from ${schema}.lines`)).toEqual([]);
      await sql('reset role');
      expect(await sql(`select obj_description('${schema}.accounts'::regclass, 'pg_class') as text`)).toEqual([
        { text: "it's ours" },
      ]);
    } finally {
      await sql('reset role');
      await sql(`drop owned by ${reader}`);
      await sql(`drop role ${reader}`);
    }
  });

  test("another's view is kept when columns stay, and named when they change", async () => {
    const store = await promoted();
    await sql(`create view public.rich as select holder from ${schema}.accounts`);
    await store.prepare(second);
    await store.promote(second);
    expect(await sql('select * from public.rich')).toEqual([]);
    const third = generation(3);
    const later = open({ mapping: renamedTables });
    await later.prepare(third);
    await expectRefusal(later.promote(third), 'rich');
    expect((await later.inspect()).live).toBe(2);
    expect(await sql(`select holder from ${schema}.accounts`)).toEqual([]);
  });

  test('the view of a table that is no longer mapped goes', async () => {
    await promoted();
    const later = open({ mapping: { 'public.accounts': {} } });
    await later.prepare(second);
    await later.promote(second);
    expect(await sql(`select viewname from pg_views where schemaname = '${schema}'`)).toEqual([
      { viewname: 'accounts' },
    ]);
  });

  test('a reader that stays makes it give up soon, with nothing changed', async () => {
    await promoted();
    const later = open({ mapping: renamedTables });
    await later.prepare(second);
    await later.acquire(second, lane, me);
    await apply(later, second, { owner: me, from: 0, to: 1, mutations: [renamedAccount(1, 1, 0)] });
    await sql('begin');
    expect(await sql(`select holder from ${schema}.accounts`)).toEqual([{ holder: 'h1' }]);
    const error = await failure(later.promote(second));
    expect(error).toBeInstanceOf(Unavailable);
    expect(await sql(`select holder from ${schema}.accounts`)).toEqual([{ holder: 'h1' }]);
    await sql('commit');
    expect((await later.inspect()).live).toBe(1);
    await later.promote(second);
    expect(await sql(`select owner_name from ${schema}.accounts`)).toEqual([{ owner_name: 'h1' }]);
  });
});

describe('types', () => {
  const values: readonly (readonly [string, string, string | number | boolean])[] = [
    ['smallint', 'int2', -32768],
    ['integer', 'int4', 2147483647],
    ['bigint', 'int8', '9223372036854775807'],
    ['oid', 'oid', 4294967295],
    ['real', 'float4', 0.1],
    ['double precision', 'float8', 1.7976931348623157e308],
    ['double precision', 'float8', 'NaN'],
    ['numeric', 'numeric', '123456789012345678901234567890.000000001'],
    ['numeric(10,2)', 'numeric', '12.50'],
    ['boolean', 'bool', false],
    ['character varying(10)', 'varchar', 'NULL'],
    ['character(5)', 'bpchar', 'ab   '],
    ['"char"', 'char', 'x'],
    ['bytea', 'bytea', '\\x00ff5c22'],
    ['uuid', 'uuid', '6ba7b810-9dad-11d1-80b4-00c04fd430c8'],
    ['json', 'json', '{"a":  [1, "\\"x\\"", null]}'],
    ['jsonb', 'jsonb', '{"a": [1, "x"]}'],
    ['text[]', 'array', '{"a,b",NULL,"NULL","\\"q\\"","\\\\"}'],
    ['integer[]', 'array', '{{1,2},{3,4}}'],
    ['timestamp with time zone', 'timestamptz', '2026-03-29 01:30:00.123456+00'],
    ['timestamp(3) without time zone', 'timestamp', '2026-03-29 01:30:00.123'],
    ['date', 'date', '0044-03-15 BC'],
    ['time without time zone', 'time', '24:00:00'],
    ['interval', 'interval', '1 year 2 mons -3 days +04:05:06.7'],
    ['inet', 'inet', '10.0.0.1/8'],
    ['inet', 'inet', '10.0.0.1'],
    ['point', 'point', '(1.5,-2)'],
    ['bit(3)', 'bit', '101'],
    ['int4range', 'int4range', '[1,5)'],
    ['mood', 'enum', 'happy'], // a type this database does not have
    ['mood[]', 'array', '{happy,sad}'],
  ];

  test('every type comes back as the change carried it', async () => {
    const columns = values.map(([type, baseType], index) => ({
      ...{ name: `c${index}`, typeId: 0, type, baseType },
      ...{ notNull: false, generated: false },
    }));
    const [key] = catalogue[0]?.columns ?? [];
    if (!key) throw new Error('the fixture has lost its key column');
    const table = { ...catalogue[0], name: 'public.types', columns: [key, ...columns], key: ['id'] } as TableSchema;
    const store = open({ mapping: { 'public.types': {} }, source: [table] });
    await store.prepare(first);
    await store.acquire(first, lane, me);
    const document = { id: 1, ...Object.fromEntries(values.map(([, , value], index) => [`c${index}`, value])) };
    const empty = { id: 2, ...Object.fromEntries(values.map((_, index) => [`c${index}`, null])) };
    const mutations = [mutation('types', { id: 1 }, document, 0), mutation('types', { id: 2 }, empty, 1)];
    await apply(store, first, { owner: me, from: 0, to: 1, mutations });
    const found = await store.scan(first, { target: 'types', after: null }, 10);
    expect(found.map(({ body }) => body)).toEqual([document, empty]);
  });
});

describe('a generation of many tables', () => {
  const count = 200;
  const [account] = catalogue;
  if (!account) throw new Error('the fixture has lost its first table');
  const many = Array.from({ length: count }, (_, at): TableSchema => ({
    ...account,
    name: `public.t${at}`,
    relationId: at,
  }));
  const mapping = Object.fromEntries(many.map(({ name }) => [name, {}]));

  /** Rows that the server has answered with, over all connections. */
  function counted() {
    let rows = 0;
    const parts: PostgresParts = {
      async connect(options) {
        const connection = await connectTo(options);
        const query = async (statement: Statement) => {
          const answer = await connection.query(statement);
          rows += answer.rows.length;
          return answer;
        };
        return {
          get usable() {
            return connection.usable;
          },
          query,
          destroy: () => connection.destroy(),
          end: () => connection.end(),
        };
      },
    };
    return { parts, rows: () => rows };
  }

  test('a version of one table is compared with that table alone', async () => {
    const { parts, rows } = counted();
    const store = open({ mapping, source: many, parts });
    await store.prepare(first);
    const before = rows();
    for (const { name, columns, key } of many) {
      expect(await store.fit(first, { name, columns, key })).toEqual({ absent: [], other: [], surplus: [] });
    }
    const asked = rows() - before;
    expect(asked).toBeGreaterThanOrEqual(count * account.columns.length);
    // Types, columns and their comparison: three answers of a table's columns. All tables for each would be 200 times that.
    expect(asked).toBeLessThanOrEqual(count * account.columns.length * 3);
  });
});

describe('connections that cannot be', () => {
  test('a malformed URL is refused without being quoted', async () => {
    const error = await failure(open({ url: 'postgres://user:s3cret@[broken' }).inspect());
    expect(error).toBeInstanceOf(InvalidConfig);
    expect(error.message).not.toContain('s3cret');
  });

  test('a database that does not exist is a configuration error', async () => {
    const url = new URL(stores.url);
    url.pathname = '/there_is_no_such_database';
    await expectRefusal(open({ url: url.href }).inspect(), 'there_is_no_such_database');
  });

  test('a server that is not there is unavailable', async () => {
    const error = await failure(open({ url: 'postgres://user:s3cret@127.0.0.1:1/none' }).acquire(first, lane, me));
    expect(error).toBeInstanceOf(Unavailable);
    expect(error.message).not.toContain('s3cret');
  });
});
