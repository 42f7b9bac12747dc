import { judgeExtents, judgeWindow } from '../../../stream/gap';

describe('whether the log still holds what a lane wants', () => {
  const topics = { a: 1 };
  const judge = (next: number, low: number, high: number, partitions = 1) =>
    judgeExtents({
      topics,
      wanted: [{ topic: 'a', partition: 0, next }],
      extents: new Map([['a', Array.from({ length: partitions }, () => ({ low, high }))]]),
    })?.reason ?? null;

  test.each<[string, number, number, number, string | null]>([
    ['at its start', 0, 0, 0, null],
    ['within', 5, 0, 10, null],
    ['at its end', 10, 0, 10, null],
    ['exactly where it begins', 5, 5, 10, null],
    ['below where it begins', 4, 5, 10, 'log-truncated'],
    ['from the start of a log that was cut', 0, 5, 10, 'log-truncated'],
    ['beyond its end', 11, 0, 10, 'log-replaced'],
  ])('%s', (_place, next, low, high, expected) => expect(judge(next, low, high)).toBe(expected));

  test('other partition counts are another log', () => {
    expect(judge(0, 0, 0, 2)).toBe('log-replaced');
    expect(judge(0, 0, 0, 0)).toBe('log-replaced');
  });
});

describe('whether tombstones may have passed a lane', () => {
  const judge = (standing: { offset: number; at: number } | null, following: { offset: number; at: number }) =>
    judgeWindow({ prefix: 'shop', standing, following, now: 100, windowMs: 10 })?.reason ?? null;

  test.each<[string, { offset: number; at: number } | null, { offset: number; at: number }, string | null]>([
    ['both young', { offset: 0, at: 95 }, { offset: 2, at: 96 }, null],
    ['both at the edge', { offset: 0, at: 90 }, { offset: 9, at: 90 }, null],
    ['a source that rested for long', { offset: 0, at: 1 }, { offset: 2, at: 99 }, null],
    ['old, with others unread between', { offset: 0, at: 1 }, { offset: 4, at: 99 }, 'log-truncated'],
    ['old, and so is the next', { offset: 0, at: 1 }, { offset: 2, at: 2 }, 'log-truncated'],
    ['young, with others unread between', { offset: 0, at: 95 }, { offset: 40, at: 99 }, null],
    ['gone: compaction has been there', null, { offset: 7, at: 99 }, 'log-truncated'],
  ])('%s', (_case, standing, following, expected) => expect(judge(standing, following)).toBe(expected));
});
