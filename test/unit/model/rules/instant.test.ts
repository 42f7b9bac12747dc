import fc from 'fast-check';
import {
  compareInstants,
  readInstant,
  readTime,
  writeDay,
  writeInstant,
  writeIso,
} from '../../../../model/rules/instant';

const read = (text: string) => {
  const found = readInstant(text);
  if (!found) throw new Error(`no instant: ${text}`);
  return found;
};

test.each([
  ['2026-02-03 04:05:06.789012+00', '2026-02-03T04:05:06.789012Z'],
  ['2026-02-03 04:05:06+05:30', '2026-02-02 22:35:06Z'],
  ['1883-11-18 12:03:58-04:56:02', '1883-11-18 17:00:00+00'],
  ['2026-12-31 23:30:00-01', '2027-01-01 00:30:00+00'],
  ['2026-02-03 24:00:00+00', '2026-02-04 00:00:00+00'],
])('%s is %s', (left, right) => {
  expect(compareInstants(read(left), read(right))).toBe(0);
});

test.each([
  ['4713-01-01 BC', '0001-01-01'],
  ['0001-12-31 BC', '0001-01-01'],
  ['-infinity', '4713-01-01 BC'],
  ['294276-12-31 23:59:59.999998+00', '294276-12-31 23:59:59.999999+00'],
  ['294276-12-31 23:59:59.999999+00', 'infinity'],
])('%s is before %s', (left, right) => {
  expect(compareInstants(read(left), read(right))).toBeLessThan(0);
  expect(compareInstants(read(right), read(left))).toBeGreaterThan(0);
});

test.each([
  '2026-02-30',
  '2026-13-01',
  '2026-00-01',
  '2025-02-29',
  '1900-02-29',
  '2026-02-03 25:00',
  'now',
  '26-02-03',
  '',
])('%j is no point of time', (text) => expect(readInstant(text)).toBeNull());

test('writes what it reads, over all that a timestamptz can be', () => {
  const days = fc.integer({ min: -2_440_588, max: 106_751_000 });
  fc.assert(
    fc.property(days, fc.integer({ min: 0, max: 86_399_999_999 }), (day, micros) => {
      expect(readInstant(writeInstant({ days: day, micros }))).toMatchObject({ days: day, micros });
      expect(readInstant(writeDay({ days: day, micros }))).toMatchObject({ days: day, micros: 0 });
    }),
  );
});

test('agrees with the calendar that JavaScript has, as far as that goes', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      const ours = writeIso(read(date.toISOString()), 'zoned');
      expect(new Date(ours ?? '').getTime()).toBe(date.getTime());
    }),
  );
});

test('ISO 8601 has four digits for a year, and no infinity', () => {
  expect(writeIso(read('2026-02-03 04:05:06.7'), 'local')).toBe('2026-02-03T04:05:06.7');
  expect(['infinity', '10000-01-01', '0044-03-15 BC'].map((text) => writeIso(read(text), 'day'))).toEqual([
    null,
    null,
    null,
  ]);
});

test('a time of day', () => {
  expect([readTime('23:59:59.999999'), readTime('24:00:00')]).toEqual([86_399_999_999, 86_400_000_000]);
  expect([readTime('24:00:01'), readTime('12:60'), readTime('12')]).toEqual([null, null, null]);
});
