import fc from 'fast-check';
import { idProblem, idRule } from '../../../../model/rules/document-id';

test('the key in its template, escaped where it would be read as another', () => {
  expect(idRule('products', 'product-{id}')({ id: 7 })).toBe('product-7');
  expect(idRule('lines', '{order}-{line}')({ order: 'a-b', line: 'c%/-' })).toBe('a%2Db-c%25%2F%2D');
  expect(idRule('lines', undefined)({ order: 'a/b', line: 1 })).toBe('lines/a%2Fb/1');
});

test.each([
  ['products', 'names no column'],
  ['{a', 'opens no {column}'],
  ['{a}{b}', 'touch'],
  ['{a}x{b}', 'neither letter nor digit'],
  ['{a|none}', 'never NULL'],
  ['_{a}', 'reserved'],
  ['_slipstream/lane-{a}', 'reserved'],
  ['ä{a}', 'ASCII'],
  ['100%{a}', 'ASCII'],
])('%s is refused: %s', (template, why) => expect(idProblem(template)).toContain(why));

const keys = fc.record({ a: fc.string({ unit: 'binary' }), b: fc.string({ unit: 'binary' }) });
/** Texts made of what could be taken for structure. */
const tricky = fc.string({ unit: fc.constantFrom('%', '/', '-', ':', '2', 'D', 'F', 'a') });
const trickyKeys = fc.record({ a: tricky, b: tricky });

test.each(['x-{a}-{b}', '{a}:{b}', 'p{b}-:-{a}s', undefined])('two keys never have one id: %s', (template) => {
  const id = idRule('t', template);
  for (const arbitrary of [keys, trickyKeys]) {
    fc.assert(
      fc.property(arbitrary, arbitrary, (left, right) => {
        const same = left.a === right.a && left.b === right.b;
        expect(id(left) === id(right)).toBe(same);
      }),
      { numRuns: 2_000 },
    );
  }
});

const reserved = fc.constantFrom('', '_', '_slip', '_slipstream', '_slipstream/lane', '%5Fslipstream', 'lane-0', '0');
const reservedKeys = fc.record({ a: reserved, b: reserved });

test.each(['{a}/{b}', '{a}stream/lane-{b}', '{a}_slipstream/lane-{b}'])(
  'no key has the id of a record that is kept beside the documents, and no two have one: %s',
  (template) => {
    const id = idRule('t', template);
    fc.assert(
      fc.property(reservedKeys, reservedKeys, (left, right) => {
        expect(id(left)).not.toMatch(/^_slipstream/);
        expect(id(left) === id(right)).toBe(left.a === right.a && left.b === right.b);
      }),
    );
  },
);

test('and elsewhere the text stays as it is', () => {
  const id = idRule('t', '{a}/{b}');
  expect(id({ a: '_slipstream', b: 'lane-0' })).toBe('%5Fslipstream/lane-0');
  expect(id({ a: '_a', b: '_slipstream' })).toBe('_a/_slipstream');
});

/** Control: joined without escaping, the same search finds two keys of one id. */
test('control: unescaped, two keys meet', () => {
  const id = ({ a, b }: { a: string; b: string }) => `x-${a}-${b}`;
  const seen = new Map<string, { a: string; b: string }>();
  const meet = fc.sample(trickyKeys, { numRuns: 20_000, seed: 7 }).some((key) => {
    const other = seen.get(id(key));
    seen.set(id(key), key);
    return other !== undefined && (other.a !== key.a || other.b !== key.b);
  });
  expect(meet).toBe(true);
});
