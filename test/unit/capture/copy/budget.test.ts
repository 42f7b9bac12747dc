import { createCopyBudget } from '../../../../capture/copy/budget';
import { announceSeed, seeded } from '../../../support/random';

/** Reads as fast as the budget lets it, each as large as `size` says; when each was issued, and how much it asked for. */
function reads(
  rowsPerSecond: number | undefined,
  input: { count: number; size: (atOnce: number) => number; ms: number },
) {
  let now = 0;
  const budget = createCopyBudget({ rowsPerSecond, clock: () => now });
  const issued: { at: number; rows: number }[] = [];
  for (let read = 0; read < input.count; read += 1) {
    const rows = Math.max(1, Math.min(input.size(budget.rowsAtOnce), budget.rowsAtOnce));
    now += budget.waitMs(rows);
    expect(budget.waitMs(rows)).toBe(0);
    budget.issue(rows);
    issued.push({ at: now, rows });
    now += input.ms;
  }
  return issued;
}

/** The most rows asked for within any second. */
function busiestSecond(issued: readonly { at: number; rows: number }[]): number {
  const from = (start: number) => issued.filter(({ at }) => at >= start && at < start + 1_000);
  return Math.max(...issued.map(({ at }) => from(at).reduce((sum, { rows }) => sum + rows, 0)));
}

const seed = announceSeed('the budget of the copy');

it.each([10, 19, 25, 1_000, 4_999, 1_000_000])('%d rows a second are not exceeded within any second', (limit) => {
  const random = seeded(seed);
  const ways = [(atOnce: number) => atOnce, (atOnce: number) => Math.ceil(atOnce * random.next()), () => 1];
  for (const size of ways) {
    expect(busiestSecond(reads(limit, { count: 400, size, ms: 0 }))).toBeLessThanOrEqual(limit);
    expect(busiestSecond(reads(limit, { count: 400, size, ms: 7 }))).toBeLessThanOrEqual(limit);
  }
});

it('and are nearly reached: the budget is there to be used', () => {
  const issued = reads(1_000, { count: 300, size: (atOnce) => atOnce, ms: 2 });
  const seconds = ((issued.at(-1)?.at ?? 0) + 100) / 1_000;
  const rows = issued.reduce((sum, read) => sum + read.rows, 0);
  expect(rows / seconds).toBeGreaterThan(950);
});

it('they are spread over the second, not read in one gust at its begin', () => {
  const issued = reads(1_000, { count: 100, size: (atOnce) => atOnce, ms: 0 });
  const gaps = issued.slice(1).map(({ at }, index) => at - (issued[index]?.at ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(100);
});

it('control: without a budget everything is read at once', () => {
  const issued = reads(undefined, { count: 400, size: () => 5_000, ms: 7 });
  expect(busiestSecond(issued)).toBeGreaterThan(500_000);
});
