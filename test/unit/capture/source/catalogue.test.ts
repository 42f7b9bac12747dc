import { chooseKey, type UniqueIndex } from '../../../../capture/key';
import { fingerprints, schemaVersion, undescribed } from '../../../../capture/relations';
import { keyText, parameterOf } from '../../../../capture/values';
import type { TableSchema } from '../../../../model/schema';
import { parserOf } from '../../../../model/value-types';

const index = (columns: string, marks: Partial<UniqueIndex> = {}): UniqueIndex => ({
  columns: columns.split(','),
  primary: false,
  identity: false,
  usable: true,
  ...marks,
});

describe('chooseKey', () => {
  it.each<[string, UniqueIndex[], TableSchema['replicaIdentity'], ReturnType<typeof chooseKey>]>([
    [
      'the primary key',
      [index('x'), index('a,b', { primary: true })],
      'd',
      { columns: ['a', 'b'], survivesFull: true },
    ],
    [
      'the primary key before an identity index',
      [index('x', { identity: true }), index('a', { primary: true })],
      'i',
      { columns: ['a'], survivesFull: true },
    ],
    ['the identity index', [index('x', { identity: true })], 'i', { columns: ['x'], survivesFull: true }],
    [
      'the identity index among others, which FULL would forget',
      [index('x', { identity: true }), index('y')],
      'i',
      { columns: ['x'], survivesFull: false },
    ],
    [
      'the only unique index under FULL',
      [index('x'), index('y', { usable: false })],
      'f',
      { columns: ['x'], survivesFull: true },
    ],
    ['none of several under FULL', [index('x'), index('y')], 'f', null],
    ['no guess without FULL', [index('x')], 'd', null],
    ['nothing', [], 'f', null],
  ])('%s', (_case, indexes, identity, expected) => {
    expect(chooseKey(indexes, identity)).toEqual(expected);
  });
});

const column = (name: string, type = 'text') => ({
  name,
  typeId: type.length,
  type,
  baseType: type,
  notNull: false,
  generated: false,
});
const table: TableSchema = {
  name: 'public.t',
  relationId: 1,
  columns: [column('a'), column('b')],
  key: ['a'],
  replicaIdentity: 'f',
  estimatedRows: 3,
};

describe('the version of a table', () => {
  const schemas = fingerprints([table]);
  it('is what its records name, and holds the columns that are published', () => {
    const generated = { ...column('g'), generated: true };
    const version = schemaVersion({ ...table, columns: [...table.columns, generated] });
    expect(version).toEqual({
      id: schemas[table.name],
      name: table.name,
      relationId: table.relationId,
      columns: table.columns,
      key: table.key,
    });
  });

  it('has an id that stands in logs already: made in another way, every table would look changed', () => {
    expect(schemaVersion(table).id).toBe('add6b5fc8622d3db');
  });

  it.each<[string, Parameters<typeof undescribed>[1], number]>([
    ['a log that has it', { schemas, described: true }, 0],
    ['a log begun before versions were kept', { schemas }, 1],
    ['a log older still', {}, 1],
    ['a table that is new to the log', { schemas: {}, described: true }, 1],
    ['a table that was another', { schemas: { [table.name]: 'x' }, described: true }, 1],
  ])('goes to the log once: %s', (_case, last, count) => {
    expect(undescribed([table], last)).toHaveLength(count);
  });
});

describe('values', () => {
  it.each([
    ['bool', 't', true],
    ['bool', 'f', false],
    ['int4', '-7', -7],
    ['oid', '4000000000', 4_000_000_000],
    ['float8', '1e+300', 1e300],
    ['float4', 'NaN', 'NaN'],
    ['float8', '-Infinity', '-Infinity'],
    ['float8', '-0', '-0'],
    ['int8', '9007199254740993', '9007199254740993'],
    ['numeric', '1.10', '1.10'],
    ['timestamptz', '2026-01-01 00:00:00.000001+00', '2026-01-01 00:00:00.000001+00'],
    ['enum', 't', 't'],
  ])('%s %s', (type, text, expected) => {
    const value = parserOf(column('x', type))(text);
    expect(value).toBe(expected);
    expect(JSON.parse(JSON.stringify(value))).toBe(expected);
  });

  it('gives different keys different texts, and parameters their text', () => {
    expect(keyText({ a: 'x,y', b: 'z' })).not.toBe(keyText({ a: 'x', b: 'y,z' }));
    expect(keyText({ a: 1 })).not.toBe(keyText({ a: '1' }));
    expect([true, 1.5, 'x', null].map(parameterOf)).toEqual(['true', '1.5', 'x', null]);
  });
});
