import { InvalidConfig } from '../../../model/errors';
import type { StoreDefinition } from '../../../model/pipeline';
import type { TableSchema } from '../../../model/schema';
import { fieldOf, fieldsOf } from '../../../stores/elasticsearch/fields';

const column = (name: string, baseType: string) => ({
  name,
  typeId: 0,
  type: baseType,
  baseType,
  notNull: false,
  generated: false,
});

const table = (name: string, columns: Record<string, string>): TableSchema => ({
  name,
  relationId: 1,
  columns: Object.entries(columns).map(([each, type]) => column(each, type)),
  key: ['id'],
  replicaIdentity: 'f',
  estimatedRows: -1,
});

const definition = (tables: StoreDefinition['tables']): StoreDefinition => ({
  type: 'elasticsearch',
  url: { env: 'X' },
  index: 'shop',
  tables,
});

test.each([
  ['bool', 'boolean'],
  ['int2', 'long'],
  ['int4', 'long'],
  ['int8', 'long'],
  ['oid', 'long'],
  ['float4', 'double'],
  ['float8', 'double'],
  ['numeric', 'double'],
  ['text', 'text'],
  ['varchar', 'text'],
  ['bpchar', 'text'],
  ['date', 'date'],
  ['timestamp', 'date'],
  ['timestamptz', 'date'],
  ['json', 'text'],
  ['jsonb', 'text'],
  ['bytea', 'keyword'],
  ['uuid', 'keyword'],
  ['enum', 'keyword'],
  ['inet', 'keyword'],
  ['array', 'keyword'],
  ['interval', 'keyword'],
  ['a_type_of_an_extension', 'keyword'],
])('%s is found as %s', (baseType, type) => {
  expect(fieldOf(column('c', baseType))).toMatchObject({ type });
});

test('no value that PostgreSQL allows is refused: it is ignored by the index, or the type has room for all', () => {
  for (const type of ['float8', 'numeric', 'date', 'timestamp', 'timestamptz']) {
    expect(fieldOf(column('c', type))).toMatchObject({ ignore_malformed: true });
  }
  for (const type of ['uuid', 'array']) expect(fieldOf(column('c', type))).toMatchObject({ ignore_above: 8191 });
  expect(fieldOf(column('c', 'bytea'))).toMatchObject({ index: false, doc_values: false });
});

test('fields are those selected, under their new names, and tables may share one of the same type', () => {
  const catalogue = [table('public.a', { id: 'int4', name: 'text', x: 'bool' }), table('public.b', { id: 'int8' })];
  const fields = fieldsOf(
    definition({ 'public.a': { select: ['id', 'name'], rename: { name: 'title' } }, 'public.b': {} }),
    catalogue,
  );
  expect(Object.keys(fields)).toEqual(['id', 'title']);
});

test('a field of two types is refused, with both places and the cure', () => {
  const catalogue = [table('public.a', { id: 'int4', due: 'date' }), table('public.b', { id: 'int4', due: 'text' })];
  const attempt = () => fieldsOf(definition({ 'public.a': {}, 'public.b': {} }), catalogue);
  expect(attempt).toThrow(InvalidConfig);
  expect(attempt).toThrow(/public\.b\.due.*'due' would be text here and date for public\.a\.due.*rename/);
  const renamed = definition({ 'public.a': {}, 'public.b': { rename: { due: 'due_text' } } });
  expect(Object.keys(fieldsOf(renamed, catalogue))).toEqual(['id', 'due', 'due_text']);
});

test('names that Elasticsearch keeps or takes apart are refused, all at once', () => {
  const catalogue = [table('public.a', { id: 'int4', _id: 'int4', 'a.b': 'text', ' ': 'text' })];
  const attempt = () => fieldsOf(definition({ 'public.a': {} }), catalogue);
  expect(attempt).toThrow(InvalidConfig);
  for (const name of ["'_id'", "'a.b'", "' '"]) expect(attempt).toThrow(new RegExp(name));
  expect(() => fieldsOf(definition({ 'public.gone': {} }), catalogue)).toThrow(/no table public\.gone/);
});
