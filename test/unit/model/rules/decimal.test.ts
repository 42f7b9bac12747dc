import fc from 'fast-check';
import { compareDecimals, parseDecimal } from '../../../../model/rules/decimal';

const compare = (left: string, right: string) => {
  const [a, b] = [parseDecimal(left), parseDecimal(right)];
  if (!a || !b) throw new Error(`not a number: ${left}, ${right}`);
  return Math.sign(compareDecimals(a, b));
};

test.each([
  ['1.5', '1.50', 0],
  ['0', '-0.000', 0],
  ['.5', '5e-1', 0],
  ['9007199254740993', '9007199254740992', 1],
  ['0.1', '0.10000000000000001', -1],
  ['-10', '-9.99', -1],
  ['1e131071', '9e131070', 1],
  ['1e-16383', '0', 1],
  ['-1e-16383', '0', -1],
  ['100', '99.999', 1],
  ['NaN', 'Infinity', 1],
  ['NaN', 'nan', 0],
  ['-Infinity', '-1e131071', -1],
  ['Infinity', '1e131071', 1],
])('%s against %s', (left, right, expected) => {
  expect(compare(left, right)).toBe(expected);
  expect(compare(right, left)).toBe(0 - expected);
});

test.each(['', '.', 'e5', '1.2.3', '0x10', '1_000', '--1', 'Infinit', '1e9999999'])('%j is no number', (text) => {
  expect(parseDecimal(text)).toBeNull();
});

/** Against BigInt: both numbers brought to whole ones. */
test('orders decimals as their exact values', () => {
  const decimal = fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: 0, max: 25 }));
  const text = ([digits, scale]: readonly [bigint, number]) => {
    const padded = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
    const at = padded.length - scale;
    return `${digits < 0n ? '-' : ''}${padded.slice(0, at)}${scale === 0 ? '' : `.${padded.slice(at)}`}`;
  };
  const whole = ([digits, scale]: readonly [bigint, number]) => digits * 10n ** BigInt(30 - scale);
  fc.assert(
    fc.property(decimal, decimal, (left, right) => {
      const difference = whole(left) - whole(right);
      expect(compare(text(left), text(right))).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0);
    }),
  );
});
