import type { EncodedRecord } from '../../../stream/log';
import { splitIntoSends } from '../../../stream/sends';
import { caught } from './caught';

function record(bytes: number, partition = 0): EncodedRecord {
  return { topic: 'shop.public.orders', partition, key: Buffer.alloc(0), value: Buffer.alloc(bytes) };
}

const limits = { headerBytes: 36, maxRecordBytes: 16_000_000, producer: 'stock' } as const;
const sizes = (records: readonly EncodedRecord[]) => splitIntoSends(records, limits).map((send) => send.length);

test('no records make no send', () => expect(sizes([])).toEqual([]));

test('small records go a thousand at a time, in order', () => {
  const records = Array.from({ length: 2_500 }, (_, at) => record(at % 7));
  expect(sizes(records)).toEqual([1_000, 1_000, 500]);
  expect(splitIntoSends(records, limits).flat()).toEqual(records);
});

test('the fast producer takes them all at once', () => {
  const records = Array.from({ length: 2_500 }, (_, at) => record(at % 7));
  expect(splitIntoSends(records, { ...limits, producer: 'fast' })).toEqual([records]);
});

test('a partition gets no more than the brokers take in one batch, whatever the others get', () => {
  expect(sizes([record(400_000), record(400_000), record(400_000)])).toEqual([2, 1]);
  expect(sizes([record(400_000, 0), record(400_000, 1), record(400_000, 2)])).toEqual([3]);
});

test('a record larger than that goes alone in its partition, and the order stays', () => {
  const records = [record(10), record(15_000_000), record(10), record(10)];
  expect(sizes(records)).toEqual([1, 1, 2]);
  expect(splitIntoSends(records, limits).flat()).toEqual(records);
});

test('one request is not filled with large records of many partitions', () => {
  expect(sizes(Array.from({ length: 4 }, (_, partition) => record(7_000_000, partition)))).toEqual([1, 1, 1, 1]);
});

test('topics that take less get less', () => {
  const small = { ...limits, maxRecordBytes: 700_000 };
  const three = [record(300_000), record(300_000), record(300_000)];
  expect(splitIntoSends(three, limits)).toHaveLength(1);
  expect(splitIntoSends(three, small).map((send) => send.length)).toEqual([2, 1]);
});

test('headers count', () => {
  const headed = { ...record(600_000), headers: { large: Buffer.alloc(500_000) } };
  expect(sizes([record(10), headed])).toEqual([1, 1]);
  expect(sizes([record(10), { ...headed, headers: {} }])).toEqual([2]);
});

test('a record that no batch can carry is Blocked, with its size and its place', () => {
  expect(caught(() => sizes([record(10), record(limits.maxRecordBytes + 1)]))).toMatchObject({
    name: 'Blocked',
    reason: 'oversized',
    message: expect.stringContaining('shop.public.orders, partition 0, takes 16000001 bytes') as string,
  });
});
