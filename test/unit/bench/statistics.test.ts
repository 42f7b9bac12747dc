import { median, medianRatio, percentile, rounded } from '../../../bench/statistics';

test('the median is the middle one, or halfway between the two in the middle, whatever the order', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([7])).toBe(7);
});

test('percentiles lie between the nearest ranks, and the ends are the smallest and the largest', () => {
  const hundred = Array.from({ length: 101 }, (_, at) => 100 - at);
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile(hundred, 0)).toBe(0);
  expect(percentile(hundred, 1)).toBe(100);
  expect(percentile([10, 20], 0.75)).toBe(17.5);
});

test('numbers are ordered as numbers', () => {
  expect(median([10, 9, 100])).toBe(10);
});

test('a figure of nothing is refused', () => {
  expect(() => median([])).toThrow(RangeError);
  expect(() => percentile([1], 1.5)).toThrow(RangeError);
});

test('ratios are taken pair by pair: a machine that slows down between pairs does not move them', () => {
  expect(medianRatio([80, 8, 40], [100, 10, 50])).toBeCloseTo(0.8);
  // Medians apart would say 40 / 50 here and hide that every single pair says otherwise.
  expect(medianRatio([10, 40, 90], [20, 50, 100])).toBeCloseTo(0.8);
  expect(medianRatio([10, 45, 30], [100, 50, 40])).toBeCloseTo(0.75);
});

test('runs without a partner make no ratio', () => {
  expect(() => medianRatio([1, 2], [1])).toThrow('pairs');
});

test('figures keep three digits, and whole ones from a hundred on', () => {
  expect([12.3456, 0.123456, 123.456, 45678.9, 0].map(rounded)).toEqual([12.3, 0.123, 123, 45679, 0]);
});
