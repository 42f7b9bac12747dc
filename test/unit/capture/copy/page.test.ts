import type { CapturedTable } from '../../../../capture/source/catalogue';
import { pageSettings, pageStatement, pageWidthStatement } from '../../../../capture/copy/page';

const column = (name: string, type: string, generated = false) => ({
  name,
  typeId: 0,
  type,
  baseType: type,
  notNull: true,
  generated,
});

const table: CapturedTable = {
  name: 'public."Odd ""name"',
  relationId: 1,
  columns: [column('a', 'uuid'), column('b', 'int8'), column('sum', 'int4', true)],
  key: ['b', 'a'],
  replicaIdentity: 'f',
  estimatedRows: -1,
  partitioned: false,
  notFull: [],
  notOwned: [],
  keyOperators: ['pg_catalog', 'pg_catalog'],
};

const limit = `limit current_setting('slipstream.page_rows')::int8`;
const after = (place: number, type: string) => `current_setting('slipstream.after_${place}')::${type}`;

it('walks the key from the start, and then row-wise from the last one', () => {
  const first = { table, after: null, limit: 5 };
  expect(pageStatement(first, { fits: true })).toBe(
    `copy (select "a", "b" from only "public"."Odd ""name" order by "b", "a" ${limit}) to stdout`,
  );
  expect(pageSettings(first)).toEqual({ 'slipstream.page_rows': '5' });
  const next = { table: { ...table, partitioned: true }, after: { b: '15', a: 'x' }, limit: 5 };
  expect(pageStatement(next, { fits: false })).toBe(
    `copy (select "a", "b" from "public"."Odd ""name" where ("b", "a") > (${after(0, 'int8')}, ${after(1, 'uuid')}) ` +
      `order by "b", "a" ${limit}) to stdout`,
  );
  expect(pageSettings(next)).toEqual({
    ...{ 'slipstream.page_rows': '5', 'slipstream.after_0': '15', 'slipstream.after_1': 'x' },
  });
});

it('every page of a table is the same statement, or statistics of the application would be forgotten for them', () => {
  const pages = ['1', '2'].map((b) => pageStatement({ table, after: { b, a: b }, limit: Number(b) }, { fits: true }));
  expect(new Set(pages).size).toBe(1);
});

it('names the operators of a type that is not PostgreSQL’s own: elsewhere they would not be found', () => {
  const owned = { ...table, keyOperators: ['pg_catalog', 'Ext'] };
  expect(pageStatement({ table: owned, after: { b: '15', a: 'x' }, limit: 5 }, { fits: true })).toBe(
    `copy (select "a", "b" from only "public"."Odd ""name" where "b" operator("pg_catalog".>=) ${after(0, 'int8')}` +
      ` and ("b" operator("pg_catalog".>) ${after(0, 'int8')}` +
      ` or "b" operator("pg_catalog".=) ${after(0, 'int8')} and "a" operator("Ext".>) ${after(1, 'uuid')})` +
      ` order by "b", "a" ${limit}) to stdout`,
  );
});

it('a page of rows that may be wide is cut by their size, which no long value is read for', () => {
  const wide = {
    ...table,
    columns: [column('note', 'text'), column('b', 'int8'), column('file', 'bytea'), column('data', 'jsonb')],
    key: ['b'],
  };
  const page = { table: wide, after: null, limit: 5 };
  expect(pageStatement(page, { fits: false })).toBe(
    'copy (select c0, c1, c2, c3, so_far from (select page.*, sum(width) over (order by c1 rows unbounded preceding) as so_far ' +
      'from (select "note", "b", "file", "data", (coalesce(octet_length("note"), 0) + coalesce(octet_length("file"), 0) * 2 + ' +
      `coalesce(pg_column_size("data"), 0) * 4)::float8 from only "public"."Odd ""name" order by "b" ${limit}) ` +
      'page(c0, c1, c2, c3, width)) sized where so_far - width < 4194304 order by c1) to stdout',
  );
  // How much text there is, is asked first: what fits is not counted while it is sent.
  expect(pageWidthStatement(page)).toBe(
    'select coalesce(sum(width), 0) as width from (select (coalesce(octet_length("note"), 0) + ' +
      `coalesce(octet_length("file"), 0) * 2 + coalesce(pg_column_size("data"), 0) * 4)::float8 as width from only ` +
      `"public"."Odd ""name" order by "b" ${limit}) page`,
  );
  expect(pageStatement(page, { fits: true })).toBe(
    `copy (select "note", "b", "file", "data" from only "public"."Odd ""name" order by "b" ${limit}) to stdout`,
  );
  expect(pageWidthStatement({ ...page, table })).toBeNull();
});
