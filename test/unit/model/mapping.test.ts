import type { Change, Row } from '../../../model/change';
import { describeFinding } from '../../../model/finding';
import { judgeMapping } from '../../../model/judge-mapping';
import { rowText } from '../../support/row-texts';
import { createMapping, takesRows, targetColumns } from '../../../model/mapping';
import { coalesce, isDelete } from '../../../model/mutation';
import type { StoreDefinition, TableMapping } from '../../../model/pipeline';
import type { TableSchema } from '../../../model/schema';

const definition = (mapping: TableMapping): StoreDefinition => ({
  type: 'elasticsearch',
  url: { env: 'URL' },
  index: 'shop',
  tables: { 'public.products': mapping },
});

const change = (operation: Change['operation'], after: Row | null, before: Row | null = null): Change => ({
  table: 'public.products',
  operation,
  key: { id: (after ?? before)?.['id'] ?? null },
  before,
  after,
  position: { lsn: '1', index: 1 },
  schemaId: null,
  transaction: { xid: 1, committedAt: 0 },
});

const product: Row = { id: '7', name: 'lamp', active: true, price: '12.50', stock: 3 };

test('a column may be called like what every object has', () => {
  const row: Row = { id: '7', constructor: 'a', toString: 'b', hasOwnProperty: null };
  const mapping = { rename: { id: 'key' } };
  const [mutation] = createMapping(definition(mapping))(change('create', row), '1');
  expect(mutation?.document).toEqual({ key: '7', constructor: 'a', toString: 'b', hasOwnProperty: null });
});

describe('mapping', () => {
  test('a row goes whole into the target named like its table, versioned by its offset', () => {
    const map = createMapping(definition({}));
    expect(map(change('create', product), '42')).toEqual([
      { id: 'products/7', target: 'products', key: { id: '7' }, document: product, version: '42' },
    ]);
  });

  test('select, rename and into', () => {
    const map = createMapping(
      definition({ into: 'items', select: ['id', 'name'], rename: { id: 'sku', name: 'title' } }),
    );
    expect(map(change('read', product), '1')).toEqual([
      { id: 'items/7', target: 'items', key: { sku: '7' }, document: { sku: '7', title: 'lamp' }, version: '1' },
    ]);
  });

  test('a column that came later does not take the name that another one has in the store', () => {
    const renamed = createMapping(definition({ rename: { name: 'title' } }));
    const later = { id: '7', name: 'lamp', title: 'of the source' };
    expect(renamed(change('update', later), '1')[0]?.document).toEqual({ id: '7', title: 'lamp' });
    // Of a version in which there was no `name`, or in which the two change places, nothing meets.
    expect(renamed(change('update', { id: '7', title: 'lamp' }), '1')[0]?.document).toEqual({ id: '7', title: 'lamp' });
    const swapped = createMapping(definition({ rename: { name: 'title', title: 'name' } }));
    expect(swapped(change('update', later), '1')[0]?.document).toEqual({
      id: '7',
      title: 'lamp',
      name: 'of the source',
    });
  });

  test('a row as it travelled goes along where the document is that row, and nowhere else', () => {
    const afterRow = rowText(product);
    const made = (mapping: TableMapping) =>
      createMapping(definition(mapping))({ ...change('create', product), afterRow }, '1').map((mutation) => ({
        ...{ id: mutation.id, key: mutation.key, document: mutation.document, version: mutation.version },
        ...{ row: mutation.row, deleted: isDelete(mutation) },
      }));
    const plain = { key: { id: '7' }, document: product, version: '1', row: afterRow, deleted: false };
    expect(made({})).toEqual([{ id: 'products/7', ...plain }]);
    expect(made({ into: 'items' })).toEqual([{ id: 'items/7', ...plain }]);
    const others: readonly TableMapping[] = [
      { select: ['id', 'name'] },
      { rename: { name: 'title' } },
      { fields: { kind: { constant: 'product' } } },
      { filter: { active: { equals: true } } },
    ];
    for (const mapping of others) expect(made(mapping)).toMatchObject([{ row: undefined, deleted: false }]);
    expect(made({ filter: { active: { equals: false } } })).toMatchObject([{ document: null, deleted: true }]);
  });

  test('values are left alone only where every table of the store is taken as it is, by a store that can write them so', () => {
    expect(takesRows(definition({ into: 'items' }))).toBe(true);
    expect(takesRows(definition({ select: ['id'] }))).toBe(false);
    const tables = { 'public.products': {} };
    expect(takesRows({ type: 'postgres', url: { env: 'URL' }, schema: 's', tables })).toBe(true);
    expect(takesRows({ type: 'redis', url: { env: 'URL' }, as: 'json', tables })).toBe(false);
  });

  test('a delete is a delete, and a table that is not mapped is nothing', () => {
    const map = createMapping(definition({}));
    expect(map(change('delete', null, product), '3')).toMatchObject([{ id: 'products/7', document: null }]);
    expect(map({ ...change('create', product), table: 'public.other' }, '3')).toEqual([]);
  });

  test('a row that leaves the filter is deleted, one that enters is upserted', () => {
    const map = createMapping(definition({ filter: { active: { equals: true } } }));
    expect(map(change('update', { ...product, active: false }, product), '4')[0]?.document).toBeNull();
    expect(map(change('update', product, { ...product, active: false }), '5')[0]?.document).toEqual(product);
    // Also where the log no longer holds what came before (compaction): never "not there, so nothing to do".
    expect(map(change('create', { ...product, active: false }), '6')[0]?.document).toBeNull();
  });

  test.each([
    [{ stock: { equals: 3 } }, true],
    [{ stock: { equals: '3' } }, true],
    [{ stock: { notEquals: 3 } }, false],
    [{ id: { in: [7, 8] } }, true],
    [{ id: { in: ['70'] } }, false],
    [{ note: { isNull: true } }, true],
    [{ note: { notEquals: 'x' } }, false],
    [{ name: { isNull: false }, active: { equals: false } }, false],
  ] as const)('filter %j holds: %s', (filter, held) => {
    const map = createMapping(definition({ filter } as unknown as TableMapping));
    expect(map(change('create', { ...product, note: null }), '1')[0]?.document !== null).toBe(held);
  });

  test('only the last write of a document reaches the store', () => {
    const map = createMapping(definition({}));
    const all = [
      change('create', product),
      change('update', { ...product, stock: 2 }),
      change('delete', null, product),
    ];
    const mutations = all.flatMap((one, index) => map(one, String(index)));
    expect(coalesce(mutations)).toEqual([
      { id: 'products/7', target: 'products', key: { id: '7' }, document: null, version: '2' },
    ]);
  });
});

describe('a mapping is checked against its table', () => {
  const column = (name: string, generated = false) => ({
    name,
    typeId: 23,
    type: 'integer',
    baseType: 'int4',
    notNull: true,
    generated,
  });
  const table: TableSchema = {
    name: 'public.products',
    relationId: 1,
    columns: [column('id'), column('name'), column('total', true)],
    key: ['id'],
    replicaIdentity: 'f',
    estimatedRows: -1,
  };

  test.each([
    [{ select: ['id', 'nmae'] }, /here\.select: public\.products has no column 'nmae'\. Did you mean 'name'\?/],
    [{ select: ['id', 'total'] }, /'total' of public\.products is a generated column/],
    [{ filter: { total: { isNull: true } } }, /here\.filter: 'total' of public\.products is a generated column/],
    [{ rename: { nmae: 'x' } }, /rename: public\.products has no column 'nmae'/],
    [
      { filter: { gone: { isNull: true } } },
      /filter: public\.products has no column 'gone'\. It has id, name, total\./,
    ],
    [{ select: ['name'] }, /'id' is part of the key/],
    [{ rename: { name: 'id' } }, /two columns end with the same name/],
  ] as [TableMapping, RegExp][])('%j: %s', (mapping, expected) => {
    expect(judgeMapping('here', table, mapping).map(describeFinding).join('\n')).toMatch(expected);
  });

  test('one that fits has no problems, and generated columns are left out of the target', () => {
    expect(judgeMapping('here', table, { select: ['id', 'name'], rename: { name: 'title' } })).toEqual([]);
    expect(targetColumns(table, { rename: { name: 'title' } }).map(({ name }) => name)).toEqual(['id', 'title']);
  });
});
