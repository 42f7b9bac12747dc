import { withoutSuperseded } from '../../../activities/superseded';
import type { FetchedRecord } from '../../../stream/log';

const record = (offset: number, key: string | null, value: string | null = 'v', topic = 't'): FetchedRecord => ({
  ...{ topic, partition: 0, offset: String(offset) },
  key: key === null ? null : Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
});
const offsets = (records: readonly FetchedRecord[]) => withoutSuperseded(records).map(({ offset }) => Number(offset));

test('of each row its last record stays, in the order of the log', () => {
  expect(offsets([record(1, 'a'), record(2, 'b'), record(3, 'a'), record(4, 'c'), record(5, 'a')])).toEqual([2, 4, 5]);
});

test('a tombstone says nothing: the delete before it stays', () => {
  expect(offsets([record(1, 'a'), record(2, 'a', 'delete'), record(3, 'a', null)])).toEqual([2]);
});

test('equal keys of two tables are two rows', () => {
  expect(offsets([record(1, 'a'), record(1, 'a', 'v', 'other')])).toEqual([1, 1]);
});

test('keys are compared by their bytes, whether they are text or not', () => {
  const [one, other] = [Buffer.of(0xff), Buffer.of(0xfe)].map((key, at) => ({ ...record(at, ''), key }));
  expect(withoutSuperseded([one, other].flatMap((each) => each ?? []))).toHaveLength(2);
});

test('a record without a key stays: whoever cannot read it is to say so', () => {
  expect(offsets([record(1, null), record(2, null)])).toEqual([1, 2]);
});
