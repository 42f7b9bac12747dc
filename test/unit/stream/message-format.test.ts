import type { LogicalMessage } from '../../../model/message';
import { encodeMessage } from '../../../stream/message-format';
import { caught } from './caught';

const context = { prefix: 'shop', database: 'd', partitions: 4 };
const message: LogicalMessage = {
  prefix: 'order.placed',
  content: Buffer.from([0, 255, 10, 34]),
  position: { lsn: '18446744073709551615', index: 3 },
  transaction: { xid: 4_000_000_000, committedAt: 1_700_000_000_123 },
};
const texts = (headers: Readonly<Record<string, Buffer>> = {}) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.toString()]));

test('the format of a message is pinned', () => {
  const record = encodeMessage(message, context);
  expect(record).toMatchObject({ topic: 'shop.messages', key: Buffer.from('order.placed'), value: message.content });
  expect(texts(record.headers)).toEqual({
    ...{ lsn: '18446744073709551615', index: '3', xid: '4000000000', committedAt: '1700000000123' },
  });
});

test('one that is no part of a transaction names none', () => {
  const { headers } = encodeMessage({ ...message, transaction: null }, context);
  expect(Object.keys(headers ?? {})).toEqual(['lsn', 'index']);
});

test('an empty one is no tombstone', () => {
  expect(encodeMessage({ ...message, content: Buffer.alloc(0) }, context).value).toHaveLength(0);
});

test('all of one prefix share a partition', () => {
  const places = [1, 2, 3].map((index) => encodeMessage({ ...message, position: { lsn: '5', index } }, context));
  expect(new Set(places.map(({ partition }) => partition)).size).toBe(1);
});

test('one that no record can carry is Blocked, with its prefix and size', () => {
  const limit = { bytes: 1_000, oversized: 'reference' as const };
  const large = { ...message, content: Buffer.alloc(1_001) };
  const error = caught(() => encodeMessage(large, { ...context, limit }));
  expect(error).toMatchObject({ name: 'Blocked', reason: 'oversized' });
  expect((error as Error).message).toContain('prefix order.placed takes 1013 bytes');
});
