import type { EncodedRecord } from '../../../stream/log';
import { maxPartitionBytes, splitIntoSends } from '../../../stream/sends';
import { caught } from './caught';

function record(bytes: number, partition = 0): EncodedRecord {
  return { topic: 'shop.public.orders', partition, key: Buffer.alloc(0), value: Buffer.alloc(bytes) };
}

const sizes = (records: readonly EncodedRecord[]) => splitIntoSends(records, 36).map((send) => send.length);

test('no records make no send', () => expect(sizes([])).toEqual([]));

test('small records go a thousand at a time, in order', () => {
  const records = Array.from({ length: 2_500 }, (_, at) => record(at % 7));
  expect(sizes(records)).toEqual([1_000, 1_000, 500]);
  expect(splitIntoSends(records, 36).flat()).toEqual(records);
});

test('a partition gets no more than the brokers take in one batch, whatever the others get', () => {
  expect(sizes([record(400_000), record(400_000), record(400_000)])).toEqual([2, 1]);
  expect(sizes([record(400_000, 0), record(400_000, 1), record(400_000, 2)])).toEqual([3]);
});

test('a record that no batch can carry is Blocked, with its size and its place', () => {
  expect(caught(() => sizes([record(10), record(maxPartitionBytes)]))).toMatchObject({
    name: 'Blocked',
    reason: 'unstorable',
    message: expect.stringContaining('shop.public.orders, partition 0, takes 900100 bytes') as string,
  });
});
