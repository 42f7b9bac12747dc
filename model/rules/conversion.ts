import type { Value } from '../change';
import type { Json } from '../mutation';
import { parseDecimal } from './decimal';
import { readInstant, writeDay, writeInstant, writeIso, type Instant } from './instant';
import { parseArray } from './array-text';
import { readJson } from './json-text';
import type { ResultType } from './result-type';
import { Unmappable } from './unmappable';

/** How values of one type become another. */
export interface Conversion {
  /** Throws `Unmappable` for a value that the result cannot be; never says the value. */
  readonly convert: (value: Exclude<Value, null>) => Json;
  /** What a reader can no longer tell; null: nothing is lost. */
  readonly loss: string | null;
  /** Which values make their record poison; null: none. */
  readonly refuses: string | null;
}

const fail = (why: string): never => {
  throw new Unmappable(why);
};

const rule = (
  convert: Conversion['convert'],
  loss: string | null = null,
  refuses: string | null = null,
): Conversion => ({
  ...{ convert, loss, refuses },
});

const integers = ['int2', 'int4', 'oid'];
const texts = ['text', 'varchar', 'bpchar', 'citext', 'name', 'enum'];

const double: Conversion['convert'] = (value) => {
  if (parseDecimal(String(value)) === null) return fail('it is not a number');
  const number = Number(value);
  return Number.isFinite(number) ? number + 0 : fail('it is NaN, infinite, or beyond the range of a double');
};

const truths: ReadonlyMap<string, boolean> = new Map([
  ...['t', 'true', 'y', 'yes', 'on', '1'].map((word) => [word, true] as const),
  ...['f', 'false', 'n', 'no', 'off', '0'].map((word) => [word, false] as const),
]);

const instantOf = (value: Value): Instant => readInstant(String(value)) ?? fail('it is no point of time');

/** `form`: what the text of a column must say, so that nothing is guessed. */
const writtenInstant = (value: Value, form: 'day' | 'zoned'): Instant => {
  const written = readInstant(String(value));
  const fits = written && (form === 'day' ? written.dated === 'day' : written.zoned);
  return fits ? written : fail(form === 'day' ? 'it is no day such as 2026-02-03' : 'it is no time with a zone');
};

const iso = (form: 'day' | 'local' | 'zoned') =>
  rule(
    (value) => writeIso(instantOf(value), form) ?? fail('ISO 8601 has no infinity, and no year outside of 1 to 9999'),
    null,
    'infinity, years before 1 and beyond 9999',
  );

const asText = (loss: string | null = null) => rule((value) => String(value), loss);
const nearest = 'the nearest double: digits beyond the fifteenth may differ, and how many zeros were written';
const unfitting = 'NaN, infinities, and what is beyond the range of a double';

const table: Readonly<Record<ResultType, Readonly<Record<string, Conversion>>>> = {
  // Whatever travels can be a text: completed by `conversionOf`.
  string: {
    float4: asText('written as JSON writes it: 1e-7, where PostgreSQL writes 1e-07'),
    float8: asText('written as JSON writes it: 1e-7, where PostgreSQL writes 1e-07'),
  },
  number: {
    ...forAll(integers, rule(double)),
    ...forAll(['int8', 'numeric'], rule(double, nearest, unfitting)),
    ...forAll(['float4', 'float8'], rule(double, 'the sign of zero', unfitting)),
    ...forAll(texts, rule(double, `${nearest}; how it was written`, `texts that are no number, ${unfitting}`)),
  },
  boolean: {
    bool: rule((value) => value === true),
    ...forAll(
      [...integers, 'int8'],
      rule((value) => String(value) !== '0', 'which number it was, except for 0'),
    ),
    ...forAll(
      texts,
      rule(
        (value) => truths.get(String(value).trim().toLowerCase()) ?? fail('it is no word for true or false'),
        'which word it was',
        'texts other than true, t, yes, y, on, 1, false, f, no, n, off, 0',
      ),
    ),
  },
  date: {
    date: rule((value) => String(value)),
    timestamp: rule((value) => writeDay(instantOf(value)), 'the time of the day'),
    timestamptz: rule((value) => writeDay(instantOf(value)), 'the time; the day is that of UTC'),
    ...forAll(
      texts,
      rule((value) => writeDay(writtenInstant(value, 'day')), null, 'texts that are no day such as 2026-02-03'),
    ),
  },
  timestamp: {
    timestamptz: rule((value) => String(value)),
    timestamp: rule((value) => writeInstant(instantOf(value)), 'that it had no zone: it is taken for UTC'),
    date: rule((value) => writeInstant(instantOf(value)), 'that it was a day: it becomes its midnight in UTC'),
    ...forAll(
      texts,
      rule(
        (value) => writeInstant(writtenInstant(value, 'zoned')),
        'the zone it was written in',
        'texts that are no time with a zone such as 2026-02-03T04:05:06Z',
      ),
    ),
  },
  iso8601: { date: iso('day'), timestamp: iso('local'), timestamptz: iso('zoned') },
  list: {
    array: rule(
      (value) => parseArray(String(value)) ?? fail('it is no array'),
      'bounds other than 1, and what type the elements had: they are texts',
    ),
  },
  json: forAll(
    ['json', 'jsonb', ...texts],
    rule(
      (value) => readJson(String(value)),
      'numbers become the nearest double, of repeated keys the last stays, and keys that are whole numbers come first',
      'numbers beyond the range of a double, nesting beyond 100, and texts that are no JSON',
    ),
  ),
};

function forAll(types: readonly string[], conversion: Conversion): Record<string, Conversion> {
  return Object.fromEntries(types.map((type) => [type, conversion]));
}

/** null: nonsense, which is refused before anything is built. */
export function conversionOf(baseType: string, to: ResultType): Conversion | null {
  const found = Object.hasOwn(table[to], baseType) ? table[to][baseType] : undefined;
  return found ?? (to === 'string' ? asText() : null);
}

/** What a type can become, for messages and docs/mapping.md. */
export function targetsOfType(baseType: string): readonly ResultType[] {
  return (Object.keys(table) as ResultType[]).filter((to) => conversionOf(baseType, to) !== null);
}
