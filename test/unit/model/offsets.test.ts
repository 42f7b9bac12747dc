import { canonicalOffsets, distance, offsetOf, offsetsEqual, withOffsets } from '../../../model/offsets';

describe('offsets', () => {
  test('equal offsets have one text, whatever the order of topics and partitions', () => {
    const left = { b: { '10': '5', '2': '7' }, a: { '0': '1' } };
    const right = { a: { '0': '1' }, b: { '2': '7', '10': '5' } };
    expect(canonicalOffsets(left)).toBe(canonicalOffsets(right));
    expect(offsetsEqual(left, right)).toBe(true);
    expect(offsetsEqual(left, { ...right, b: { '2': '7', '10': '6' } })).toBe(false);
  });

  test('putting offsets in alters neither side', () => {
    const base = { a: { '0': '1', '1': '1' } };
    const merged = withOffsets(base, { a: { '1': '9' }, b: { '0': '3' } });
    expect(merged).toEqual({ a: { '0': '1', '1': '9' }, b: { '0': '3' } });
    expect(base).toEqual({ a: { '0': '1', '1': '1' } });
    expect(offsetOf(merged, 'a', 1)).toBe('9');
    expect(offsetOf(merged, 'c', 0)).toBeUndefined();
  });

  test('the distance counts from zero where nothing was read, and never below zero', () => {
    expect(distance({}, { a: { '0': '4', '1': '6' } })).toBe(10);
    expect(distance({ a: { '0': '9' } }, { a: { '0': '4', '1': '6' } })).toBe(6);
  });
});
