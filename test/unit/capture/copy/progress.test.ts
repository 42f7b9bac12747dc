import { copyProgress, createCopyRate } from '../../../../capture/copy/progress';
import type { CopyCursor } from '../../../../stream/log';

const done: CopyCursor = { done: true, after: { id: 1 }, rows: 40 };
const at = (rows: number): CopyCursor => ({ done: false, after: rows === 0 ? null : { id: rows }, rows });
const of = (
  tables: readonly (readonly [name: string, estimatedRows: number, cursor: CopyCursor])[],
  perSecond: number | null,
) =>
  copyProgress({
    tables: tables.map(([name, estimatedRows]) => ({ name, estimatedRows })),
    cursors: (table) => tables.find(([name]) => name === table)?.[2] ?? at(0),
    perSecond,
  });

it('each table says how long it takes until it is done: what waits for others, as long as they take too', () => {
  expect(
    of(
      [
        ['a', 40, done],
        ['b', 1_000, at(200)],
        ['c', 3_000, at(0)],
      ],
      100,
    ),
  ).toEqual({
    a: { done: true, rows: 40, estimatedRows: 40 },
    b: { done: false, rows: 200, estimatedRows: 1_000, rowsPerSecond: 100, secondsLeft: 8 },
    c: { done: false, rows: 0, estimatedRows: 3_000, secondsLeft: 38 },
  });
});

it('nobody can say it behind a table without statistics', () => {
  const { a, b, c } = of(
    [
      ['a', 100, at(0)],
      ['b', -1, at(0)],
      ['c', 5_000, at(0)],
    ],
    10,
  );
  expect([a?.secondsLeft, b?.secondsLeft, c?.secondsLeft]).toEqual([10, undefined, undefined]);
});

it('nor before a rate is known', () => {
  expect(of([['a', 100, at(0)]], null)).toEqual({ a: { done: false, rows: 0, estimatedRows: 100 } });
  expect(of([['a', 100, at(0)]], 0)['a']).not.toHaveProperty('secondsLeft');
});

it('statistics that the copy has passed leave nothing to wait for', () => {
  expect(of([['a', 100, at(150)]], 10)['a']).toMatchObject({ rows: 150, secondsLeft: 0 });
});

describe('the rate', () => {
  it('is that of the last half minute, of this table, and stops with the copy', () => {
    let now = 0;
    const rate = createCopyRate(() => now);
    rate.appended('a', 500);
    expect(rate.perSecond('a')).toBeNull();
    for (now = 1_000; now <= 20_000; now += 1_000) rate.appended('a', 100);
    now = 20_000;
    expect(rate.perSecond('a')).toBe(100);
    expect(rate.perSecond('b')).toBeNull();
    now = 39_000;
    rate.appended('a', 0);
    expect(rate.perSecond('a')).toBeCloseTo(1_000 / 29, 0);
    rate.appended('b', 5);
    now = 41_000;
    rate.appended('b', 20);
    expect(rate.perSecond('b')).toBe(10);
    now = 99_000;
    expect(rate.perSecond('b')).toBeNull();
  });
});
