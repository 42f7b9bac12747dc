import { encodeSchemaVersion, parseSchemaVersion } from '../../../stream/schema-format';
import type { SchemaVersion } from '../../../model/schema';
import { caught } from './caught';

const orders: SchemaVersion = {
  id: '0123456789abcdef',
  name: 'public.orders',
  relationId: 16_384,
  columns: [
    { name: 'id', typeId: 20, type: 'bigint', baseType: 'int8', notNull: true, generated: false },
    { name: 'größe', typeId: 1700, type: 'numeric(10,2)', baseType: 'numeric', notNull: false, generated: false },
  ],
  key: ['id'],
};

test('the format of the schemas topic is pinned', () => {
  // Read for as long as the log lives. To change it, add a version and read both; never edit what is pinned.
  const { key, value } = encodeSchemaVersion(orders);
  expect(key.toString()).toBe('0123456789abcdef');
  expect(value.toString()).toBe(
    '{"version":1,"id":"0123456789abcdef","name":"public.orders","relationId":16384,"columns":[' +
      '{"name":"id","typeId":20,"type":"bigint","baseType":"int8","notNull":true,"generated":false},' +
      '{"name":"größe","typeId":1700,"type":"numeric(10,2)","baseType":"numeric","notNull":false,"generated":false}],' +
      '"key":["id"]}',
  );
  expect(parseSchemaVersion({ offset: '0', value }, 'shop.schemas')).toEqual(orders);
});

test.each<[string, (version: Record<string, unknown>) => unknown]>([
  ['another version', (version) => ({ ...version, version: 2 })],
  ['no id', ({ id: _id, ...version }) => version],
  ['no columns', (version) => ({ ...version, columns: {} })],
  ['a column without a type', (version) => ({ ...version, columns: [{ name: 'id' }] })],
  ['a key of numbers', (version) => ({ ...version, key: [1] })],
  ['a list', () => []],
])('%s is Blocked, with its place', (_what, wrong) => {
  const version = JSON.parse(encodeSchemaVersion(orders).value.toString()) as Record<string, unknown>;
  const value = Buffer.from(JSON.stringify(wrong(version)));
  const parse = () => parseSchemaVersion({ offset: '7', value }, 'shop.schemas');
  expect(caught(parse)).toMatchObject({ name: 'Blocked', reason: 'undecodable' });
  expect(parse).toThrow(/offset 7 of shop\.schemas/);
});

test.each([null, Buffer.from('{')])('what is no JSON is Blocked: %j', (value) => {
  expect(caught(() => parseSchemaVersion({ offset: '7', value }, 'shop.schemas'))).toMatchObject({ name: 'Blocked' });
});
