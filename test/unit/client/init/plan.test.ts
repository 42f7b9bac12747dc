import type { StoreWish } from '../../../../client/init/arguments';
import { planPipeline, type PlanInput } from '../../../../client/init/plan';
import { reportLines } from '../../../../client/init/report';
import { matches } from '../../../../client/init/table-pattern';
import type { Inventory } from '../../../../model/inventory';
import { parsePipeline } from '../../../../model/pipeline';
import type { TableSchema } from '../../../../model/schema';
import { suggestTables } from '../../../../stores/suggest';

function table(name: string, columns: Readonly<Record<string, string>> = { id: 'int8' }): TableSchema {
  return {
    name,
    relationId: 1,
    columns: Object.entries(columns).map(([column, type], at) => ({
      name: column,
      typeId: type === 'enum' ? 20_000 : at,
      type,
      baseType: type,
      notNull: false,
      generated: false,
    })),
    key: ['id'],
    replicaIdentity: 'd',
    estimatedRows: 1,
  };
}

const replica: StoreWish = { name: 'replica', type: 'postgres', urlEnv: 'R' };
const search: StoreWish = { name: 'search', type: 'elasticsearch', urlEnv: 'E' };

function plan(tables: readonly TableSchema[], more: Partial<PlanInput> & { leftOut?: Inventory['leftOut'] } = {}) {
  const { leftOut = [], ...rest } = more;
  return planPipeline({
    inventory: { database: 'My Shop 2', tables: tables.map((schema) => ({ schema, rows: 1, bytes: 1 })), leftOut },
    seen: [...tables.map(({ name }) => name), ...leftOut.map((each) => each.table)],
    patterns: [],
    name: null,
    urlEnv: 'S',
    stores: [replica, search],
    schema: './s.json',
    suggestTables,
    ...rest,
  });
}

const keyless = { table: 'public.log', code: 'table-keyless', what: 'it has no key.', cure: 'Run: …' };

describe('a planned pipeline', () => {
  it('is named after the database, and passes the parser', () => {
    const { file } = plan([table('public.orders'), table('public."Order Lines"')]);
    expect(file).toMatchObject({ $schema: './s.json', name: 'my-shop-2', source: { url: { env: 'S' } } });
    expect(file.stores['replica']).toMatchObject({ type: 'postgres', schema: 'my_shop_2' });
    expect(() => parsePipeline(file)).not.toThrow();
  });

  it('gives a second store of a kind a place of its own', () => {
    const { file } = plan([table('public.orders')], { name: 'shop', stores: [search, { ...search, name: 'more' }] });
    expect(file.stores).toMatchObject({ search: { index: 'shop' }, more: { index: 'shop_more' } });
  });

  it('refuses what was asked for by name and cannot be captured, and leaves out what a pattern happens to meet', () => {
    const input = { leftOut: [keyless], patterns: ['public.log'] };
    expect(() => plan([table('public.orders')], input)).toThrow('public.log: it has no key. Run: …');
    expect(plan([table('public.orders')], { ...input, patterns: ['public.*'] }).leftOut).toEqual([keyless]);
  });

  it('refuses a pattern that means nothing, and a database with nothing to capture', () => {
    expect(() => plan([table('public.orders')], { patterns: ['public.ordres'] })).toThrow(/mean 'public\.orders'\?/);
    expect(() => plan([], { leftOut: [keyless] })).toThrow(/no table that can be captured\.\npublic\.log/);
  });
});

describe('suggested names', () => {
  it('two tables of one name get two targets; that of public keeps its own', () => {
    const { file } = plan([table('lab.people'), table('public.people')], { stores: [replica] });
    expect(file.stores['replica']?.tables).toEqual({ 'lab.people': { into: 'lab_people' }, 'public.people': {} });
  });

  it('a field that two tables would give two types is renamed where it is rarer, and never to a name that is taken', () => {
    const { file, remarks } = plan(
      [
        table('public.a', { id: 'int8', at: 'date' }),
        table('public.b', { id: 'int4', at: 'date', c_at: 'text' }),
        table('public.c', { id: 'uuid', at: 'timestamptz', _x: 'text', 'y.z': 'text' }),
      ],
      { stores: [search] },
    );
    expect(file.stores['search']?.tables).toEqual({
      'public.a': {},
      'public.b': {},
      'public.c': { rename: { id: 'c_id', at: 'c_at_2', _x: 'x', 'y.z': 'y_z' } },
    });
    expect(remarks.map(({ store, column }) => `${store} ${column}`)).toEqual(
      ['id', 'at', '_x', 'y.z'].map((column) => `search ${column}`),
    );
  });

  it('says what a replica may have to keep as text', () => {
    const { remarks } = plan([table('public.a', { id: 'int8', mood: 'enum' })], { stores: [replica] });
    expect(remarks).toEqual([
      { store: 'replica', table: 'public.a', column: 'mood', remark: expect.stringMatching(/^kept as text/) as string },
    ]);
  });
});

it.each([
  ['public.*', 'public.orders', true],
  ['*', 'lab.results', true],
  ['public.order*', 'public.orders', true],
  ['public.order', 'public.orders', false],
  ['public.o.ders', 'public.orders', false],
  ['public.Ward Rounds', 'public."Ward Rounds"', true],
  ['public."Ward Rounds"', 'public."Ward Rounds"', true],
  ['lab.*', 'public.lab', false],
])('the pattern %s and %s: %s', (pattern, name, expected) => {
  expect(matches(pattern, name)).toBe(expected);
});

it('a report names tables left out for one reason in one line', () => {
  const partition = (name: string) => ({ table: name, code: 'table-partition', what: 'a partition of x.', cure: null });
  const leftOut = [...['a.1', 'a.2', 'a.3', 'a.4', 'a.5'].map(partition), keyless];
  const lines = reportLines({ tables: [], leftOut, remarks: [] }).map((each) => each.trim());
  expect(lines.slice(lines.indexOf('6 tables are left out'))).toEqual([
    '6 tables are left out',
    'a.1, a.2, a.3 and 2 more: a partition of x.',
    'public.log: it has no key. Run: …',
    '',
  ]);
});
