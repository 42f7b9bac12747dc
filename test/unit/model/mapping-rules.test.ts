import fc from 'fast-check';
import type { Outcome, Row } from '../../../model/change';
import { PoisonRecord } from '../../../model/errors';
import { describeFinding } from '../../../model/finding';
import { judgeMapping } from '../../../model/judge-mapping';
import { mappingLosses } from '../../../model/mapping-losses';
import { createMapping, idsBeginWith, targetColumns, takesColumn } from '../../../model/mapping';
import { readPipeline, type StoreDefinition, type TableMapping } from '../../../model/pipeline';
import type { Transform } from '../../../model/rules/transform';
import type { Column, TableSchema } from '../../../model/schema';

const column = (name: string, type: string, baseType: string): Column => ({
  ...{ name, typeId: 1, type, baseType, notNull: false, generated: false },
});
const columns = [
  column('tenant', 'text', 'text'),
  column('id', 'bigint', 'int8'),
  column('first', 'text', 'text'),
  column('last', 'text', 'text'),
  column('total', 'numeric', 'numeric'),
  column('tags', 'text[]', 'array'),
  column('notes', 'jsonb', 'jsonb'),
];
const people: TableSchema = {
  ...{ name: 'public.people', relationId: 1, columns, key: ['tenant', 'id'], replicaIdentity: 'f', estimatedRows: -1 },
};
const row: Row = {
  ...{ tenant: 'a', id: '1', first: 'Ann', last: 'Lee', total: '10.50', tags: '{x,y}', notes: '{"a": 1}' },
};
const definition = (mapping: TableMapping, type: StoreDefinition['type'] = 'elasticsearch'): StoreDefinition => {
  const rest = { url: { env: 'URL' }, tables: { 'public.people': mapping } };
  return type === 'postgres' ? { type, schema: 'shop', ...rest } : { type: 'elasticsearch', index: 'shop', ...rest };
};
const outcome = (after: Row | null, key: Row = { tenant: 'a', id: '1' }): Outcome => ({
  ...{ table: 'public.people', key, after, schemaId: 'v' },
});
const map = (mapping: TableMapping, after: Row | null, type?: StoreDefinition['type'], transforms = {}) =>
  createMapping(definition(mapping, type), transforms)(outcome(after), '7', columns);

const made: TableMapping = {
  select: ['tenant', 'id'],
  fields: {
    kind: { constant: 'person' },
    title: { template: '{first|} {last}' },
    total: { column: 'total', to: 'number' },
    tags: { column: 'tags', to: 'list' },
    notes: { column: 'notes', to: 'json' },
  },
};

test('fields are made beside the columns that are taken', () => {
  expect(map(made, row)[0]?.document).toEqual({
    ...{ tenant: 'a', id: '1', kind: 'person', title: 'Ann Lee', total: 10.5, tags: ['x', 'y'], notes: { a: 1 } },
  });
  expect(map(made, { ...row, first: null, total: null, tags: null })[0]?.document).toMatchObject({
    ...{ title: ' Lee', total: null, tags: null },
  });
});

test('a replica gets lists and objects as JSON text, for columns of type json', () => {
  expect(map(made, row, 'postgres')[0]?.document).toMatchObject({ tags: '["x","y"]', notes: '{"a":1}', total: 10.5 });
  expect(map(made, { ...row, notes: '"x"' }, 'postgres')[0]?.document).toMatchObject({ notes: '"x"' });
  const types = targetColumns(people, made).map(({ name, column: { type } }) => `${name} ${type}`);
  expect(types).toEqual([
    ...['tenant text', 'id bigint', 'kind text', 'title text', 'total double precision', 'tags json', 'notes json'],
  ]);
});

test('one row as several documents, each with its own condition; what it is not is deleted', () => {
  const documents: TableMapping = {
    documents: [
      { into: 'person', id: 'p:{tenant}:{id}' },
      { into: 'debtor', where: { column: 'total', less: 0 }, select: ['tenant', 'id', 'total'] },
    ],
  };
  const of = (after: Row | null) => map(documents, after).map(({ id, document }) => [id, document === null]);
  expect(of(row)).toEqual([
    ['p:a:1', false],
    ['debtor/a/1', true],
  ]);
  expect(of({ ...row, total: '-0.01' })).toEqual([
    ['p:a:1', false],
    ['debtor/a/1', false],
  ]);
  expect(of(null)).toEqual([
    ['p:a:1', true],
    ['debtor/a/1', true],
  ]);
});

test('a record that cannot become its document is poison: table, key, offset and column, never the value', () => {
  const broken = { ...row, total: 'NaN', first: 'hidden' };
  expect(() => map(made, broken)).toThrow(PoisonRecord);
  expect(() => map(made, broken)).toThrow(
    /^The record of public\.people at offset 7 \(tenant = \(a text of 1 characters\), id = 1\): column total cannot be made the number of field 'total': it is NaN/,
  );
  // Outside of the filter nothing is made, and a delete asks for nothing.
  expect(map({ ...made, where: { column: 'first', equals: 'Ann' } }, broken)[0]?.document).toBeNull();
  expect(map(made, null)[0]?.document).toBeNull();
});

test('types are those of the record’s own version of the table', () => {
  const mapping = createMapping(definition({ where: { column: 'total', more: 9 } }));
  const older = [...columns.filter(({ name }) => name !== 'total'), column('total', 'text', 'text')];
  expect(mapping(outcome(row), '1', columns)[0]?.document).not.toBeNull();
  expect(() => mapping(outcome(row), '2', older)).toThrow(
    /"where" cannot be told in this version.*'total', which is text/,
  );
  expect(() => mapping(outcome(row), '3', null)).toThrow(/names no version of its table/);
  // Compared as text, a filter needs no types.
  const untyped = createMapping(definition({ filter: { total: { equals: '10.50' } } }));
  expect(untyped(outcome(row), '4')[0]?.document).not.toBeNull();
});

test('a transform adds fields or says that the row is not in the store', () => {
  const describe: Transform = {
    version: '1',
    map: ({ first, total }, { key }) => (total === null ? null : { title: `${String(first)} ${String(key['id'])}` }),
  };
  const mapping: TableMapping = {
    ...{ select: ['tenant', 'id'], fields: { kind: { constant: 1 } } },
    transform: { name: 'describe', returns: { title: 'string', more: 'json' } },
  };
  const transforms = { describe };
  expect(map(mapping, row, 'postgres', transforms)[0]?.document).toEqual({
    ...{ tenant: 'a', id: '1', title: 'Ann 1', more: null, kind: 1 },
  });
  expect(map(mapping, { ...row, total: null }, 'postgres', transforms)[0]?.document).toBeNull();
  expect(takesColumn(definition(mapping), 'public.people', 'first')).toBe(true);
});

test('what a mapping looks at is taken, though the document does not hold it', () => {
  const mapping: TableMapping = { ...made, where: { not: { column: 'last', isNull: true } } };
  const taken = columns
    .map(({ name }) => name)
    .filter((name) => takesColumn(definition(mapping), 'public.people', name));
  expect(taken).toEqual(columns.map(({ name }) => name));
  expect(takesColumn(definition({ select: ['tenant', 'id'] }), 'public.people', 'last')).toBe(false);
});

/** Ids of two kinds never meet when the file is accepted; some pairs of beginnings are refused, and so this says something. */
test('two kinds of documents never have one id', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '/', '-', '%', ':'), maxLength: 4 });
  const beginning = fc.constantFrom('{tenant}:{id}', 'a{tenant}:{id}', 'a/{tenant}-{id}', 'b:{tenant}/{id}', undefined);
  let accepted = 0;
  const kind = fc.tuple(fc.constantFrom('a', 'b', 'a/b'), beginning);
  fc.assert(
    fc.property(kind, kind, text, text, text, text, (one, other, ...[t1, i1, t2, i2]) => {
      const documents = [one, other].map(([into, id]) => ({ into, ...(id === undefined ? {} : { id }) }));
      const file = pipelineOf({ documents });
      fc.pre(readPipeline(file).findings.length === 0);
      accepted += 1;
      const mapping = createMapping(definition({ documents }));
      const first = mapping(outcome(null, { tenant: t1, id: i1 }), '1');
      const second = mapping(outcome(null, { tenant: t2, id: i2 }), '1');
      expect(first[0]?.id).not.toBe(second[1]?.id);
      const [kindOf] = documents;
      expect(first[0]?.id.startsWith(idsBeginWith({ target: kindOf?.into ?? '', mapping: kindOf ?? {} }))).toBe(true);
    }),
    { numRuns: 300 },
  );
  expect(accepted).toBeGreaterThan(100);
});

function pipelineOf(mapping: unknown, type: 'elasticsearch' | 'postgres' = 'elasticsearch') {
  const place = type === 'postgres' ? { schema: 'shop' } : { index: 'shop' };
  return {
    name: 'shop',
    source: { url: { env: 'S' }, tables: ['public.people'] },
    stores: { store: { type, url: { env: 'E' }, ...place, tables: { 'public.people': mapping } } },
  };
}

const problems = (mapping: unknown, type?: 'elasticsearch' | 'postgres') =>
  readPipeline(pipelineOf(mapping, type)).findings.map(describeFinding).join('\n');

test.each<[unknown, RegExp]>([
  [
    { where: { all: [{ column: 'a', equal: 1 }] } },
    /where\.all\.0\.equal: there is no such key\. Did you mean 'equals'\?/,
  ],
  [{ where: { any: [] } }, /where\.any/],
  [{ where: { column: 'a' } }, /where: a predicate is .*Here stands none of them/],
  [{ where: { column: 'a', less: 1, more: 2 } }, /Here stands column, less, more/],
  [{ where: { all: [], column: 'a' } }, /where/],
  [{ fields: { x: { constant: 1, template: 'a' } } }, /fields\.x: a field is/],
  [{ fields: { x: { column: 'a' } } }, /fields\.x: a field is/],
  [{ fields: { x: { column: 'a', to: 'strng' } } }, /fields\.x\.to: .*Did you mean 'string'\?/],
  [{ fields: { x: { template: '{a' } } }, /fields\.x\.template: the brace/],
  [{ id: '{a}{b}' }, /\.id: two columns touch/],
  [{ documents: [{}, {}] }, /documents\.1\.into: 'people' is already the target/],
  [{ documents: [{ into: 'a' }], select: ['id'] }, /select would be passed over beside "documents"/],
  [{ documents: [{ into: 'a', wher: {} }] }, /documents\.0\.wher: .*Did you mean 'where'\?/],
  [
    {
      documents: [
        { into: 'a', id: 'p{id}' },
        { into: 'b', id: 'pq{id}' },
      ],
    },
    /could be the same/,
  ],
  [{ documents: [{ into: 'a' }, { into: 'b', id: 'a{id}' }] }, /could be the same/],
  [{ transform: { name: 'x', returns: {} } }, /returns: name at least one field/],
  [{ transform: 'x' }, /transform: expected an object/],
])('the file alone: %j', (mapping, expected) => expect(problems(mapping)).toMatch(expected));

test('a row of a replica has no id but its key', () => {
  expect(problems({ id: '{id}' }, 'postgres')).toMatch(/\.id: a row of a replica is known by its key columns/);
});

test.each<[TableMapping, RegExp]>([
  [
    { where: { not: { column: 'lst', isNull: true } } },
    /here\.where: public\.people has no column 'lst'\. Did you mean 'last'\?/,
  ],
  [
    { where: { any: [{ column: 'tags', equals: 'x' }] } },
    /here\.where\.any\.0: 'tags' is text\[\], of which only isNull/,
  ],
  [{ fields: { x: { template: '{frist}' } } }, /here\.fields\.x: .*Did you mean 'first'\?/],
  [
    { fields: { x: { column: 'tags', to: 'number' } } },
    /here\.fields\.x\.to: 'tags' is text\[\], which cannot be made a number\. It can become string, list\./,
  ],
  [{ fields: { x: { column: 'tgs', to: 'list' } } }, /Did you mean 'tags'\?/],
  [{ fields: { first: { constant: 1 } } }, /here\.fields: 'first' would be the name of two fields/],
  [{ id: '{tenant}' }, /here\.id: 'id' is part of the key .* Add \{id\}/],
  [{ id: '{tenant}:{id}:{first}' }, /'first' is not part of the key/],
  [{ documents: [{}, { into: 'x', select: ['tenant'] }] }, /here\.documents\.1\.select: 'id' is part of the key/],
])('with its table: %j', (mapping, expected) => {
  expect(judgeMapping('here', people, mapping).map(describeFinding).join('\n')).toMatch(expected);
});

test('what fits has no findings', () => {
  const mapping: TableMapping = {
    documents: [{ ...made, id: '{tenant}:{id}', where: { column: 'total', atLeast: '0' } }],
  };
  expect(judgeMapping('here', people, mapping)).toEqual([]);
  expect(problems({ ...mapping, documents: mapping.documents })).toBe('');
});

test('the losses that a mapping declares', () => {
  const transform = { name: 'describe', returns: { title: 'string' } } as const;
  const fields = { ...made.fields, id: { column: 'id', to: 'string' } as const };
  const losses = mappingLosses({ documents: [{ ...made, fields }, { transform }] }, columns);
  expect(losses.map(({ field, column: from }) => [field, from])).toEqual([
    ...[
      ['total', 'total'],
      ['tags', 'tags'],
      ['notes', 'notes'],
    ],
    ['title', null],
  ]);
  expect(losses[0]).toMatchObject({
    lost: expect.stringContaining('nearest double') as string,
    refused: expect.stringContaining('NaN') as string,
  });
  expect(mappingLosses({}, columns)).toEqual([]);
});
