/**
 * A number of any size, exactly: 0.d1d2d3… × 10^exponent, without zeros at either end of the digits. `rank` orders what is
 * no finite number as PostgreSQL does: NaN equals itself and is more than everything.
 */
export interface Decimal {
  readonly rank: -1 | 0 | 1 | 2;
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

const finite = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?\s*$/;
const special: ReadonlyMap<string, Decimal['rank']> = new Map([
  ['nan', 2],
  ['infinity', 1],
  ['-infinity', -1],
]);

/** null: no number. */
export function parseDecimal(text: string): Decimal | null {
  const match = finite.exec(text);
  const [, sign = '', whole = '', fraction = '', power = '0'] = match ?? [];
  if (match === null || whole + fraction === '') {
    const rank = special.get(text.trim().toLowerCase());
    return rank === undefined ? null : { rank, negative: rank < 0, digits: '', exponent: 0 };
  }
  const all = whole + fraction;
  const digits = all.replace(/^0+/, '');
  const zeros = all.length - digits.length;
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return { rank: 0, negative: false, digits: '', exponent: 0 };
  return {
    rank: 0,
    negative: sign === '-',
    digits: significant,
    exponent: whole.length - zeros + Number(power),
  };
}

/** Never through a float: 9007199254740993 is more than 9007199254740992. */
export function compareDecimals(left: Decimal, right: Decimal): number {
  if (left.rank !== right.rank) return left.rank - right.rank;
  if (left.rank !== 0) return 0;
  if (left.negative !== right.negative) return left.negative ? -1 : 1;
  const size = compareSizes(left, right);
  return left.negative ? -size : size;
}

function compareSizes(left: Decimal, right: Decimal): number {
  if (left.digits === '' || right.digits === '') return left.digits.length - right.digits.length;
  if (left.exponent !== right.exponent) return left.exponent - right.exponent;
  return left.digits < right.digits ? -1 : left.digits > right.digits ? 1 : 0;
}
