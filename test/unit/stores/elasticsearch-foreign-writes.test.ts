import { foreignWrite, watchWriters } from '../../../stores/elasticsearch/foreign-writes';
import { account, generation, owner } from '../../contract/fixture';

const lane = '1/0';
const taken = (previous: number | null, next: number, sequence: number) => ({
  previous: previous === null ? null : owner(previous),
  owner: owner(next),
  sequence,
});

/** The log's time now, and well behind a doubt that begins now. */
const time = 1_800_000_000_000;
const later = time + 6 * 60_000;
const watchAt = (now = time) => watchWriters(() => now);

test('the first owner of a lane is alone, until a batch of its own is in doubt', () => {
  const watch = watchAt();
  watch.acquired(lane, taken(null, 1000, 0));
  expect(watch.begins(lane, 0)).toBe(true);
  watch.ended(lane, 1);
  expect(watch.begins(lane, 1)).toBe(true); // and this one fails
  expect(watch.begins(lane, 1)).toBe(false);
});

test.each([
  ['stood on the log before it', time - 1, false],
  ['may have, by a clock that is ahead', time + 4 * 60_000, false],
  ['did not', later, true],
])('a new owner is in doubt about what its predecessor may have had in flight: what %s', (_, positionAt, alone) => {
  const watch = watchAt();
  watch.acquired(lane, taken(1000, 2000, 7));
  for (let batch = 0; batch < 10_000; batch += 1) {
    expect(watch.begins(lane, time - 1)).toBe(false);
    watch.ended(lane, 8);
  }
  expect(watch.begins(lane, positionAt)).toBe(alone);
});

test('a failed batch begins the doubt anew', () => {
  let now = time;
  const watch = watchWriters(() => now);
  watch.acquired(lane, taken(1000, 2000, 7));
  now = later;
  expect(watch.begins(lane, later)).toBe(true); // fails
  expect(watch.begins(lane, later)).toBe(false);
  watch.ended(lane, 9);
  expect(watch.begins(lane, later)).toBe(false);
  watch.ended(lane, 10);
  expect(watch.begins(lane, later + 6 * 60_000)).toBe(true);
});

test.each([
  ['the next slice of one process stays alone', taken(1000, 2000, 3), true],
  ['unless somebody had the lane between', taken(1500, 2000, 3), false],
  ['or the record was written by somebody', taken(1000, 2000, 4), false],
])('%s', (_, next, alone) => {
  const watch = watchAt();
  watch.acquired(lane, taken(null, 1000, 0));
  watch.begins(lane, time);
  watch.ended(lane, 3);
  watch.acquired(lane, next);
  expect(watch.begins(lane, time)).toBe(alone);
});

test('a lane that was never taken is in doubt', () => {
  expect(watchAt().begins(lane, later)).toBe(false);
});

test('what is said names document and offset, and no value', () => {
  const { reason, message } = foreignWrite(generation(1), account(7, 10, 4711, 'secret'));
  expect(reason).toBe('store-behind');
  expect(message).toMatch(/accounts \(id = 7\).*4711/);
  expect(message).not.toContain('secret');
});

test('of two batches under way the doubt about both ends with the second', () => {
  let now = time;
  const watch = watchWriters(() => now);
  watch.acquired(lane, taken(1000, 2000, 7));
  now = later;
  expect(watch.begins(lane, later)).toBe(true);
  expect(watch.begins(lane, later, true)).toBe(true);
  watch.ended(lane, 8);
  watch.ended(lane, 9);
  expect(watch.begins(lane, later)).toBe(true);
});

test('where the second fails, what it wrote stays in doubt', () => {
  let now = time;
  const watch = watchWriters(() => now);
  watch.acquired(lane, taken(1000, 2000, 7));
  now = later;
  watch.begins(lane, later);
  watch.begins(lane, later, true);
  watch.ended(lane, 8); // and the second fails
  expect(watch.begins(lane, later)).toBe(false);
});
