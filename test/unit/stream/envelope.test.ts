import type { Change } from '../../../model/change';
import { decodeChange, encodeChange } from '../../../stream/envelope';
import type { EncodedRecord, FetchedRecord } from '../../../stream/log';
import { caught } from './caught';

const context = { prefix: 'shop', database: 'shop', partitions: 4 };

const update: Change = {
  table: 'public.orders',
  operation: 'update',
  key: { id: '9007199254740993' },
  before: { id: '9007199254740993', total: '10.50', note: null, paid: false },
  after: { id: '9007199254740993', total: '12.00', note: 'für "Zoë"\n', paid: true },
  position: { lsn: '18446744073709551615', index: 3 },
  schemaId: null,
  transaction: { xid: 4_000_000_000, committedAt: 1_700_000_000_123 },
};

function fetched({ topic, partition, key, value }: EncodedRecord): FetchedRecord {
  return { topic, partition, offset: '5', key, value };
}

function only(records: readonly EncodedRecord[]): EncodedRecord {
  const [record] = records;
  if (!record || records.length !== 1) throw new Error(`expected one record, got ${records.length}`);
  return record;
}

test('the format of the log is pinned', () => {
  // Logs outlive programs: what is written today is read for years. To change this format, add a version to `source`,
  // teach decodeChange to read both, and pin the new bytes beside these; never edit what is pinned.
  const record = only(encodeChange(update, context));
  expect(record.topic).toBe('shop.public.orders');
  expect(record.key.toString()).toBe('{"id":"9007199254740993"}');
  expect(record.value?.toString()).toBe(
    '{"op":"u","before":{"id":"9007199254740993","total":"10.50","note":null,"paid":false},' +
      '"after":{"id":"9007199254740993","total":"12.00","note":"für \\"Zoë\\"\\n","paid":true},' +
      '"source":{"version":"1","connector":"postgresql","name":"shop","db":"shop","schema":"public","table":"orders",' +
      '"snapshot":"false","sequence":"[null,\\"18446744073709551615\\"]","txId":4000000000,"lsn":18446744073709551615,' +
      '"ts_ms":1700000000123},"ts_ms":1700000000123,"position":{"lsn":"18446744073709551615","index":3}}',
  );
});

test('and so is the one of records that name the version of their table', () => {
  const record = only(encodeChange({ ...update, schemaId: '0123456789abcdef' }, context));
  expect(record.value?.toString()).toBe(
    '{"op":"u","before":{"id":"9007199254740993","total":"10.50","note":null,"paid":false},' +
      '"after":{"id":"9007199254740993","total":"12.00","note":"für \\"Zoë\\"\\n","paid":true},' +
      '"source":{"version":"2","connector":"postgresql","name":"shop","db":"shop","schema":"public","table":"orders",' +
      '"schemaId":"0123456789abcdef","snapshot":"false","sequence":"[null,\\"18446744073709551615\\"]",' +
      '"txId":4000000000,"lsn":18446744073709551615,"ts_ms":1700000000123},"ts_ms":1700000000123,' +
      '"position":{"lsn":"18446744073709551615","index":3}}',
  );
});

test('two versions of one table never share what is kept of it', () => {
  const ids = ['a', 'b', null].map((schemaId) => {
    const record = only(encodeChange({ ...update, schemaId }, context));
    return decodeChange(fetched(record))?.schemaId;
  });
  expect(ids).toEqual(['a', 'b', null]);
});

const { after } = update;
const everyOperation: Change[] = [
  update,
  { ...update, operation: 'create', before: null },
  { ...update, operation: 'delete', after: null },
  { ...update, operation: 'read', before: null, transaction: { xid: null, committedAt: 5 } },
  { ...update, table: '"Odd Schema"."or""ders.x"' },
  { ...update, key: { b: 1, a: 'x' } },
  { ...update, schemaId: '0123456789abcdef' },
];

test.each(everyOperation.map((change) => [change.operation, change.table, change] as const))(
  'a %s of %s comes back as it was',
  (_operation, _table, change) => {
    const [record] = encodeChange(change, context);
    expect(record && decodeChange(fetched(record))).toEqual(change);
    expect(record && Object.keys(decodeChange(fetched(record))?.key ?? {})).toEqual(Object.keys(change.key));
  },
);

test('a delete is followed by a tombstone of the same key in the same partition', () => {
  const [envelope, tombstone] = encodeChange({ ...update, operation: 'delete', after: null }, context);
  expect(tombstone).toEqual({ ...envelope, value: null });
  expect(tombstone && decodeChange(fetched(tombstone))).toBeNull();
});

test('a Debezium reader finds what it looks for', () => {
  const { value } = only(encodeChange({ ...update, operation: 'read', before: null }, context));
  const envelope: unknown = JSON.parse(value?.toString() ?? '');
  expect(envelope).toMatchObject({
    op: 'r',
    before: null,
    after,
    source: { connector: 'postgresql', snapshot: 'true' },
  });
});

describe('what cannot be decoded', () => {
  const good = only(encodeChange(update, context));
  const secret = 'secret-value';
  const value = (change: (envelope: Record<string, unknown>) => void): Buffer => {
    const envelope = JSON.parse(good.value?.toString() ?? '') as Record<string, unknown>;
    change(envelope);
    return Buffer.from(JSON.stringify(envelope));
  };
  test.each<[string, Partial<FetchedRecord>]>([
    ['no JSON', { value: Buffer.from(`{"after":{"x":"${secret}"`) }],
    ['no object', { value: Buffer.from('null') }],
    ['another envelope', { value: Buffer.from(`{"payload":{"after":{"x":"${secret}"}}}`) }],
    ['an unknown operation', { value: value((envelope) => (envelope['op'] = 't')) }],
    ['an update without its row', { value: value((envelope) => (envelope['after'] = null)) }],
    ['a delete without its row', { value: value((envelope) => Object.assign(envelope, { op: 'd', before: null })) }],
    ['no position', { value: value((envelope) => delete envelope['position']) }],
    ['a position that is a number', { value: value((envelope) => (envelope['position'] = { lsn: 5, index: 1 })) }],
    ['no source', { value: value((envelope) => delete envelope['source']) }],
    ['a version that is a number', { value: value(({ source }) => Object.assign(source as object, { schemaId: 5 })) }],
    ['no key', { key: null }],
    ['a key that is no JSON', { key: Buffer.from(secret) }],
  ])('%s is Blocked, with its place and without its values', (_what, wrong) => {
    const decode = () => decodeChange({ ...fetched(good), ...wrong });
    expect(caught(decode)).toMatchObject({ name: 'Blocked', reason: 'undecodable' });
    expect(decode).toThrow(/shop\.public\.orders, partition \d, at offset 5/);
    expect(decode).not.toThrow(new RegExp(secret));
  });
});
