import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv';
import { pipelineJsonSchema, pipelineSchemaFile, type SchemaNode } from '../../../docs/pipeline-schema';
import { parsePipeline } from '../../../model/pipeline';
import { projectFolder } from '../../support/project';

const read = (path: string) => readFileSync(join(projectFolder, path), 'utf8');
const published = JSON.parse(read('docs/pipeline.schema.json')) as object;
// Strict: a keyword that ajv does not know would be a constraint that nobody checks.
const validate: ValidateFunction = new Ajv({ strict: true, allowUnionTypes: true }).compile(published);

const tables = { 'public.orders': {} };
const replica = { type: 'postgres', url: { env: 'R' }, schema: 'shop', tables };
const search = { type: 'elasticsearch', url: { env: 'E' }, index: 'shop', tables };
const source = { url: { env: 'S' }, tables: ['public.orders'] };
const right = { name: 'shop', source, stores: { replica, search } };
const mapped = (mapping: unknown) => ({
  ...right,
  stores: { replica: { ...replica, tables: { 'public.orders': mapping } } },
});

function parserRefuses(file: unknown): boolean {
  try {
    parsePipeline(file);
    return false;
  } catch {
    return true;
  }
}

it('is published as it is defined: run npm run docs', () => {
  expect(read('docs/pipeline.schema.json')).toBe(pipelineSchemaFile());
});

it('describes every property', () => {
  expect(undescribed(pipelineJsonSchema(), '')).toEqual([]);
});

it('the example names it, and passes', () => {
  const example = JSON.parse(read('examples/shop/pipeline.json')) as { $schema: string };
  expect(JSON.parse(read(join('examples/shop', example.$schema)))).toEqual(published);
  expect({ valid: validate(example), errors: validate.errors }).toEqual({ valid: true, errors: null });
});

it.each<[string, unknown]>([
  ['as short as can be', right],
  ['quoted names', { ...right, source: { ...source, tables: ['public.orders', '"Sales Dept"."Order ""Items"""'] } }],
  ['every mapping', mapped({ into: 'o', select: ['id', 'n'], rename: { n: 'm' }, filter: { n: { in: [1, 'x'] } } })],
  [
    'every rule',
    mapped({
      documents: [
        {
          into: 'o',
          where: { all: [{ column: 'n', in: [1] }, { not: { any: [{ column: 'm', isNull: true }] } }] },
          fields: { a: { constant: true }, b: { template: '{n|}' }, c: { column: 'n', to: 'list' } },
          transform: { name: 'x', version: '1', returns: { d: 'json' } },
        },
      ],
    }),
  ],
  ['a condition on NULL', mapped({ filter: { n: { isNull: false } } })],
  [
    'every setting',
    {
      ...right,
      log: { partitions: 1, windowDays: 3650, maxMessageBytes: 1_048_576, oversized: 'reference' },
      slice: { seconds: 1, batches: 1 },
    },
  ],
])('both pass %s', (_what, file) => {
  expect({ valid: validate(file), errors: validate.errors }).toEqual({ valid: true, errors: null });
  expect(() => parsePipeline(file)).not.toThrow();
});

it.each<[string, unknown]>([
  ['no object', []],
  ['nothing in it', {}],
  ['no name', { source, stores: { replica } }],
  ['a name with capitals', { ...right, name: 'Shop' }],
  ['an unknown key', { ...right, sources: source }],
  ['an unknown key deep within', { ...right, source: { ...source, copy: { chunkSize: 5 } } }],
  ['a secret written down', { ...right, source: { ...source, url: 'postgres://user:password@host/shop' } }],
  ['a secret written down as a name', { ...right, source: { ...source, url: { env: 'postgres://h/shop' } } }],
  ['no tables', { ...right, source: { ...source, tables: [] } }],
  ['a table without its schema', { ...right, source: { ...source, tables: ['public.orders', 'orders'] } }],
  ['a table with an open quote', { ...right, source: { ...source, tables: ['public.orders', 'public."x'] } }],
  ['a table named twice', { ...right, source: { ...source, tables: ['public.orders', 'public.orders'] } }],
  ['a slot that PostgreSQL refuses', { ...right, source: { ...source, slot: 'My-Slot' } }],
  ['half a row at once', { ...right, source: { ...source, copy: { chunkRows: 0.5 } } }],
  ['no stores', { ...right, stores: {} }],
  ['a reserved store name', { ...right, stores: { capture: replica } }],
  ['a store of no kind', { ...right, stores: { replica: { ...replica, type: 'mysql' } } }],
  ["a store with another's place", { ...right, stores: { replica: { ...replica, index: 'shop' } } }],
  ['a store without tables', { ...right, stores: { replica: { ...replica, tables: {} } } }],
  ['a mapping that is none', mapped(true)],
  ['a column list that is empty', mapped({ select: [] })],
  ['a condition that is two', mapped({ filter: { n: { equals: 1, isNull: true } } })],
  ['a condition that is none', mapped({ filter: { n: { like: 'x%' } } })],
  ['a predicate of no kind', mapped({ where: { like: 'x' } })],
  ['a predicate deep within', mapped({ where: { all: [{ not: { column: 5 } }] } })],
  ['a type that is none', mapped({ fields: { a: { column: 'n', to: 'float' } } })],
  ['a transform that returns nothing', mapped({ transform: { name: 'x', returns: {} } })],
  ['a condition on an object', mapped({ filter: { n: { equals: {} } } })],
  ['too many partitions', { ...right, log: { partitions: 65 } }],
  ['a number in quotes', { ...right, slice: { seconds: '30' } }],
])('both refuse %s', (_what, file) => {
  expect({ schema: validate(file), parser: !parserRefuses(file) }).toEqual({ schema: false, parser: false });
});

/** Where one place depends on another, only the parser knows; docs/pipeline.md names these. */
it.each<[string, unknown]>([
  ["a store's table that is not captured", { ...right, source: { ...source, tables: ['public.customers'] } }],
  [
    'two tables with one target',
    {
      ...right,
      source: { ...source, tables: ['public.orders', 'old.orders'] },
      stores: { replica: { ...replica, tables: { 'public.orders': {}, 'old.orders': {} } } },
    },
  ],
  ['a column renamed that is not selected', mapped({ select: ['id'], rename: { n: 'm' } })],
  ['two columns with one new name', mapped({ rename: { a: 'x', b: 'x' } })],
  ['a predicate that says nothing', mapped({ where: {} })],
  ['a predicate that says two things', mapped({ where: { column: 'n', less: 1, more: 2 } })],
  ['a field made in two ways', mapped({ fields: { a: { constant: 1, template: 'x' } } })],
  ['a template with an open brace', mapped({ fields: { a: { template: '{n' } } })],
  ['a row with an id of its own in a replica', mapped({ id: '{id}' })],
  ['more beside documents', mapped({ documents: [{ into: 'a' }], select: ['id'] })],
  ['a target of our own', mapped({ into: '_slipstream' })],
])('only the parser refuses %s', (_what, file) => {
  expect({ schema: validate(file), parser: !parserRefuses(file) }).toEqual({ schema: true, parser: false });
});

function undescribed(node: SchemaNode, path: string): string[] {
  const variants = [...(node.oneOf ?? []), ...(node.anyOf ?? [])];
  const { additionalProperties: member } = node;
  return [
    ...Object.entries(node.properties ?? {}).flatMap(([key, child]) => [
      ...(child.description ? [] : [`${path}.${key}`]),
      ...undescribed(child, `${path}.${key}`),
    ]),
    ...variants.flatMap((variant) => undescribed(variant, path)),
    ...(typeof member === 'object' ? undescribed(member, `${path}.*`) : []),
  ];
}
