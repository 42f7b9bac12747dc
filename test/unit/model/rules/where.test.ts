import type { Value } from '../../../../model/change';
import type { Predicate } from '../../../../model/mapping-file';
import { readPredicate } from '../../../../model/rules/where';

const columns = new Map(
  (
    [
      ['n', 'numeric', 'numeric'],
      ['big', 'bigint', 'int8'],
      ['f', 'double precision', 'float8'],
      ['r', 'real', 'float4'],
      ['t', 'text', 'text'],
      ['c', 'character(5)', 'bpchar'],
      ['b', 'boolean', 'bool'],
      ['u', 'uuid', 'uuid'],
      ['d', 'date', 'date'],
      ['at', 'timestamp with time zone', 'timestamptz'],
      ['local', 'timestamp without time zone', 'timestamp'],
      ['time', 'time without time zone', 'time'],
      ['mood', 'mood', 'enum'],
      ['j', 'jsonb', 'jsonb'],
      ['i', 'interval', 'interval'],
    ] as const
  ).map(([name, type, baseType]) => [name, { type, baseType }]),
);

const holds = (predicate: Predicate, row: Record<string, Value>) => {
  const { holds: test, problems } = readPredicate(predicate, columns);
  expect(problems).toEqual([]);
  return test(row);
};

test.each<[Predicate, Record<string, Value>, boolean]>([
  [{ column: 'n', equals: 5 }, { n: '5.00' }, true],
  [{ column: 'n', more: '9007199254740992' }, { n: '9007199254740992.000000000001' }, true],
  [{ column: 'big', equals: '9007199254740993' }, { big: '9007199254740992' }, false],
  [{ column: 'n', more: '1e300' }, { n: 'NaN' }, true],
  [{ column: 'n', in: [1, '2.0'] }, { n: '2' }, true],
  [{ column: 'n', in: [1, '2.0'] }, { n: '3' }, false],
  [{ column: 'f', equals: 0 }, { f: '-0' }, true],
  [{ column: 'f', equals: 'NaN' }, { f: 'NaN' }, true],
  [{ column: 'r', equals: '0.1' }, { r: 0.1 }, true],
  [{ column: 'r', equals: '16777217' }, { r: 16777216 }, true],
  // By code point: U+FF5E is below U+1F600, though its UTF-16 unit is above the surrogates.
  [{ column: 't', less: '\u{1f600}' }, { t: '\uff5e' }, true],
  [{ column: 't', atLeast: 'b' }, { t: 'Z' }, false],
  [{ column: 't', less: 'ab' }, { t: 'a' }, true],
  [{ column: 'c', equals: 'ab' }, { c: 'ab   ' }, true],
  [{ column: 'b', equals: false }, { b: false }, true],
  [
    { column: 'u', equals: '6C0D5BB6-6D5F-4A0E-9D6C-000000000001' },
    { u: '6c0d5bb6-6d5f-4a0e-9d6c-000000000001' },
    true,
  ],
  [{ column: 'd', less: '0001-01-01' }, { d: '0044-03-15 BC' }, true],
  [{ column: 'd', atMost: 'infinity' }, { d: 'infinity' }, true],
  [{ column: 'at', equals: '2026-02-03T04:05:06+05:30' }, { at: '2026-02-02 22:35:06+00' }, true],
  [{ column: 'local', more: '2026-02-03 04:05' }, { local: '2026-02-03 04:05:00.000001' }, true],
  [{ column: 'time', atMost: '24:00' }, { time: '24:00:00' }, true],
  [{ column: 'mood', notEquals: 'sad' }, { mood: 'glad' }, true],
  [{ column: 'j', isNull: true }, { j: null }, true],
  [{ column: 'j', isNull: false }, { j: '{}' }, true],
])('%j of %j: %s', (predicate, row, expected) => {
  expect(holds(predicate, row)).toBe(expected);
});

/** The truth tables of SQL: what is unknown is not true, and neither is its contrary. */
test('three values', () => {
  const yes: Predicate = { column: 'b', equals: true };
  const no: Predicate = { not: yes };
  const maybe: Predicate = { column: 't', equals: 'x' };
  const row = { b: true, t: null };
  expect(holds(maybe, row)).toBe(false);
  expect(holds({ not: maybe }, row)).toBe(false);
  expect(holds({ column: 't', notEquals: 'x' }, row)).toBe(false);
  expect(holds({ any: [maybe, yes] }, row)).toBe(true);
  expect(holds({ any: [maybe, no] }, row)).toBe(false);
  expect(holds({ not: { any: [maybe, no] } }, row)).toBe(false);
  expect(holds({ all: [maybe, yes] }, row)).toBe(false);
  expect(holds({ not: { all: [maybe, no] } }, row)).toBe(true);
  expect(holds({ not: { all: [maybe, yes] } }, row)).toBe(false);
});

test('a column that a version of the table has not is NULL', () => {
  expect(holds({ column: 'later', equals: 1 }, {})).toBe(false);
  expect(holds({ column: 'later', isNull: true }, {})).toBe(true);
});

test.each<[Predicate, string, RegExp]>([
  [{ column: 'i', less: '1 day' }, '', /'i' is interval, of which only isNull can be told/],
  [{ column: 'j', equals: '{}' }, '', /only isNull/],
  [
    {
      any: [
        { column: 'b', equals: true },
        { column: 'mood', less: 'sad' },
      ],
    },
    '.any.1',
    /only equality can be told/,
  ],
  [{ not: { column: 'n', equals: 'five' } }, '.not', /no value of 'n', which is numeric/],
  [{ column: 'big', equals: 2 ** 60 }, '', /no value of 'big'/],
  [{ column: 'at', less: '2026-02-03 04:05' }, '', /no value of 'at'/],
  [{ column: 'local', less: '2026-02-03T04:05Z' }, '', /no value of 'local'/],
  [{ column: 'd', in: ['2026-02-03', '2026-02-30'] }, '', /no value of 'd'/],
  [{ column: 'u', equals: 'x' }, '', /no value of 'u'/],
  [{ column: 't', equals: 5 }, '', /no value of 't'/],
  [{ column: 'b', equals: 'true' }, '', /no value of 'b'/],
])('%j is refused', (predicate, place, what) => {
  const { problems } = readPredicate(predicate, columns);
  expect(problems).toEqual([
    { place, what: expect.stringMatching(what) as string, cure: expect.any(String) as string },
  ]);
});
