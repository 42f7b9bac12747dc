import { hasCanonicalForm, keyPartOf, parserOf, ruleOf } from '../../../model/value-types';

const column = (baseType: string, type = baseType, domainOf?: string) => ({
  baseType,
  type,
  ...(domainOf === undefined ? {} : { domainOf }),
});

test.each([
  ['numeric', '1.50', '1.5'],
  ['numeric', '1.00', '1'],
  ['numeric', '0.000', '0'],
  ['numeric', '100', '100'],
  ['numeric', '-100.010', '-100.01'],
  ['numeric', 'NaN', 'NaN'],
  ['numeric', '-Infinity', '-Infinity'],
  ['float8', '-0', 0],
  ['float4', '1.5', 1.5],
  ['float8', 'NaN', 'NaN'],
  ['int8', '100', '100'],
  ['text', '1.50', '1.50'],
  ['interval', '24:00:00', '24:00:00'],
])('a key of %s that is written %s is %j', (type, text, expected) => {
  const one = column(type);
  expect(keyPartOf(one)(parserOf(one)(text))).toBe(expected);
});

test.each([
  ['numeric', undefined, true],
  ['numeric(10,2)', undefined, false],
  ['public.amount', 'numeric', true],
  ['public.amount', 'numeric(10,2)', false],
])('a numeric declared %s, domain of %s: more than one text for one value: %j', (type, domainOf, several) => {
  const one = column('numeric', type, domainOf);
  expect(hasCanonicalForm(one)).toBe(several);
  expect(keyPartOf(one)('1.50')).toBe(several ? '1.5' : '1.50');
});

test('of a type that nobody told us about nothing is taken for granted', () => {
  for (const type of ['other', 'constructor', '__proto__', 'toString']) {
    expect(ruleOf(type)).toEqual({ form: 'text', equals: 'several texts', replica: 'itself' });
    expect(parserOf(column(type))('t')).toBe('t');
  }
});
