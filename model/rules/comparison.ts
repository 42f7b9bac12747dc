import type { Value } from '../change';
import type { Scalar } from '../mapping-file';
import { compareDecimals, parseDecimal } from './decimal';
import { compareInstants, readInstant, readTime } from './instant';

/** How values of one type compare: with literals of the pipeline file, and as PostgreSQL compares them. */
export interface Comparable {
  /** Whether there is an order, or equality alone. */
  readonly ordered: boolean;
  /** A test against one literal: less than 0, 0 or more than 0, as the value is less, equal or more. null: unreadable. */
  readonly against: (literal: Scalar) => ((value: Exclude<Value, null>) => number) | null;
  /** What a literal looks like, for messages. */
  readonly literal: string;
}

function comparable<Meaning>(type: {
  readonly literal: string;
  readonly ordered?: boolean;
  readonly read: (literal: Scalar) => Meaning | null;
  readonly meaning: (value: Exclude<Value, null>) => Meaning | null;
  readonly compare: (left: Meaning, right: Meaning) => number;
}): Comparable {
  return {
    ordered: type.ordered ?? true,
    literal: type.literal,
    against: (literal) => {
      const right = type.read(literal);
      if (right === null) return null;
      return (value) => {
        const left = type.meaning(value);
        // Values are PostgreSQL's own texts: one that cannot be read is a bug of ours, and must not pass for a verdict.
        if (left === null) throw new RangeError('a value is not in the form of its type');
        return type.compare(left, right);
      };
    },
  };
}

const bySize = (left: number, right: number) => (left < right ? -1 : left > right ? 1 : 0);

/** A number beyond 2^53 has lost its digits before we see it: it has to be written as text. */
const decimalOf = (literal: Scalar) =>
  typeof literal === 'boolean' ||
  (typeof literal === 'number' && Number.isInteger(literal) && !Number.isSafeInteger(literal))
    ? null
    : parseDecimal(String(literal));

const exact = comparable({
  literal: 'a number, or its digits as a text',
  read: decimalOf,
  meaning: (value) => parseDecimal(String(value)),
  compare: compareDecimals,
});

/** NaN equals itself and is more than everything; the two zeros are one. */
const byFloat = (left: number, right: number) =>
  Number.isNaN(left) || Number.isNaN(right)
    ? Number(Number.isNaN(left)) - Number(Number.isNaN(right))
    : bySize(left, right);
const floatOf = (round: (value: number) => number) => (value: Value | Scalar) => {
  if (typeof value === 'boolean' || value === null || parseDecimal(String(value)) === null) return null;
  const special = /^\s*([+-]?)(nan|infinity)\s*$/i.exec(String(value));
  if (!special) return round(Number(value));
  return /nan/i.test(String(special[2])) ? NaN : special[1] === '-' ? -Infinity : Infinity;
};
const float = (round: (value: number) => number) =>
  comparable({ literal: exact.literal, read: floatOf(round), meaning: floatOf(round), compare: byFloat });

const truth = comparable({
  literal: 'true or false',
  read: (literal) => (typeof literal === 'boolean' ? Number(literal) : null),
  meaning: (value) => Number(value),
  compare: bySize,
});

/** By code point, which is the order of the UTF-8 bytes and of collation "C"; JavaScript's own is that of UTF-16. */
function byCodePoint(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  let at = 0;
  while (at < length && left.charCodeAt(at) === right.charCodeAt(at)) at += 1;
  if (at === length) return left.length - right.length;
  const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)];
  // Surrogates stand for what is beyond 0xFFFF, though some units above them are numerically more.
  return rank(a) - rank(b);
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

const textual = (ordered: boolean, meaning: (text: string) => string = (text) => text) =>
  comparable({
    literal: 'a text',
    ordered,
    read: (literal) => (typeof literal === 'string' ? meaning(literal) : null),
    meaning: (value) => meaning(String(value)),
    compare: byCodePoint,
  });

const uuid = comparable({
  literal: 'a UUID such as 6c0d5bb6-6d5f-4a0e-9d6c-000000000001',
  read: (literal) =>
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(String(literal)) ? String(literal).toLowerCase() : null,
  meaning: (value) => String(value),
  compare: byCodePoint,
});

const instant = (literal: string, admits: (written: NonNullable<ReturnType<typeof readInstant>>) => boolean) =>
  comparable({
    literal,
    read: (text) => {
      const written = readInstant(String(text));
      return written && (!Number.isFinite(written.days) || admits(written)) ? written : null;
    },
    meaning: (value) => readInstant(String(value)),
    compare: compareInstants,
  });

const time = comparable({
  literal: 'a time such as 17:30:00',
  read: (literal) => readTime(String(literal)),
  meaning: (value) => readTime(String(value)),
  compare: bySize,
});

/** Blanks at the end of a `character(n)` mean nothing. */
const padded = textual(true, (text) => text.replace(/ +$/, ''));
const text = textual(true);

const byType: ReadonlyMap<string, Comparable> = new Map(
  Object.entries<Comparable>({
    bool: truth,
    int2: exact,
    int4: exact,
    int8: exact,
    oid: exact,
    numeric: exact,
    float4: float(Math.fround),
    float8: float((value) => value),
    text,
    varchar: text,
    bpchar: padded,
    name: text,
    uuid,
    date: instant('a day such as 2026-02-03, or infinity', ({ dated }) => dated === 'day'),
    time,
    timestamp: instant('a time such as 2026-02-03 04:05:06, without a zone, or infinity', ({ zoned }) => !zoned),
    timestamptz: instant(
      'a time with its zone, such as 2026-02-03T04:05:06Z, or infinity',
      ({ dated, zoned }) => dated === 'time' && zoned,
    ),
    // Its order is that of its definition, which a record does not carry.
    enum: textual(false),
  }),
);

/** Types with a meaning of their own for comparisons, in the order of docs/mapping.md. */
export const comparableTypes: readonly string[] = [...byType.keys()];

/** null: nothing short of PostgreSQL can compare values of this type (citext, interval, jsonb, arrays …). */
export function comparableOf(baseType: string): Comparable | null {
  return byType.get(baseType) ?? null;
}
