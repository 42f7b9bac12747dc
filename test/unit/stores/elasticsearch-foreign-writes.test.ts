import { foreignWrite, watchWriters } from '../../../stores/elasticsearch/foreign-writes';
import { account, generation, owner } from '../../contract/fixture';

const lane = '1/0';
const taken = (previous: number | null, next: number, sequence: number) => ({
  previous: previous === null ? null : owner(previous),
  owner: owner(next),
  sequence,
});

test('the first owner of a lane is alone, until a batch of its own is in doubt', () => {
  const watch = watchWriters(10);
  watch.acquired(lane, taken(null, 1000, 0));
  expect(watch.begins(lane)).toBe(true);
  watch.ended(lane, { mutations: 1, sequence: 1 });
  expect(watch.begins(lane)).toBe(true); // and this one fails
  expect(watch.begins(lane)).toBe(false);
});

test('a new owner is in doubt for as many records as its predecessor may have had in flight', () => {
  const watch = watchWriters(10);
  watch.acquired(lane, taken(1000, 2000, 7));
  for (const mutations of [4, 5, 1]) {
    expect(watch.begins(lane)).toBe(false);
    watch.ended(lane, { mutations, sequence: 8 });
  }
  expect(watch.begins(lane)).toBe(true);
});

test('a failed batch begins the doubt anew', () => {
  const watch = watchWriters(2);
  watch.acquired(lane, taken(1000, 2000, 7));
  watch.begins(lane);
  watch.ended(lane, { mutations: 5, sequence: 8 });
  watch.begins(lane); // fails
  expect(watch.begins(lane)).toBe(false);
  watch.ended(lane, { mutations: 1, sequence: 9 });
  expect(watch.begins(lane)).toBe(false);
});

test.each([
  ['the next slice of one process stays alone', taken(1000, 2000, 3), true],
  ['unless somebody had the lane between', taken(1500, 2000, 3), false],
  ['or the record was written by somebody', taken(1000, 2000, 4), false],
])('%s', (_, next, alone) => {
  const watch = watchWriters(10);
  watch.acquired(lane, taken(null, 1000, 0));
  watch.begins(lane);
  watch.ended(lane, { mutations: 1, sequence: 3 });
  watch.acquired(lane, next);
  expect(watch.begins(lane)).toBe(alone);
});

test('a lane that was never taken is in doubt', () => {
  expect(watchWriters(0).begins(lane)).toBe(false);
});

test('what is said names document and offset, and no value', () => {
  const { reason, message } = foreignWrite(generation(1), account(7, 10, 4711, 'secret'));
  expect(reason).toBe('store-behind');
  expect(message).toMatch(/accounts \(id = 7\).*4711/);
  expect(message).not.toContain('secret');
});
