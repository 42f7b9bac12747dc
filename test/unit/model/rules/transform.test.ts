import { callTransform, findTransform, type Transform } from '../../../../model/rules/transform';
import { checkTransforms } from '../../../../model/rules/check-transforms';
import { Unmappable } from '../../../../model/rules/unmappable';

const returns = { title: 'string', tags: 'list', more: 'json', price: 'number', on: 'date', at: 'timestamp' } as const;
const context = { table: 'public.products', key: { id: 1 }, columns: null };
const call = (map: Transform['map']) =>
  callTransform({ name: 'describe', returns }, { version: '1', map }, { row: { id: 1, secret: 'hidden' }, context });

test('its fields, those left out being null, in the form that columns travel in', () => {
  const result = call(() => ({
    title: 'x',
    tags: ['a', null],
    more: { deep: [1] },
    on: '2026-02-03',
    at: '2026-02-03T04:05:06+01:00',
  }));
  expect(result).toEqual({
    ...{ title: 'x', tags: ['a', null], more: { deep: [1] }, price: null },
    ...{ on: '2026-02-03', at: '2026-02-03 03:05:06+00' },
  });
});

test('null: the row is not in the store', () => expect(call(() => null)).toBeNull());

const cyclic: Record<string, unknown> = {};
cyclic['self'] = cyclic;

test.each<[string, Transform['map'], RegExp]>([
  [
    'throws',
    (row) => {
      throw new TypeError(String(row['secret']));
    },
    /threw TypeError$/,
  ],
  [
    'throws no error',
    () => {
      throw { hidden: true } as unknown as Error;
    },
    /threw something that is no error$/,
  ],
  ['returns undefined', () => undefined as never, /returned neither an object nor null/],
  ['returns a list', () => [] as never, /neither an object nor null/],
  ['returns a promise', () => Promise.resolve({}) as never, /a promise/],
  ['returns a field of its own', () => ({ titel: 'x' }), /a field that "returns" does not name: 'titel'/],
  ['undefined', () => ({ title: undefined }), /for 'title', which is string, .* there is undefined/],
  ['a function', () => ({ more: { f: () => 1 } }), /for 'more'.* a function at f/],
  ['a cycle', () => ({ more: cyclic }), /nested deeper than 100, or holds itself/],
  ['a BigInt', () => ({ price: 1n }), /a BigInt/],
  ['a Date', () => ({ on: new Date(0) }), /an object of a class/],
  ['NaN', () => ({ price: NaN }), /NaN or an infinity/],
  ['a hole', () => ({ more: [, 1] }), /undefined at 0/],
  ['half a character', () => ({ title: '\ud800' }), /half a character/],
  ['NUL', () => ({ title: 'a\u0000' }), /not a text without NUL/],
  ['another type', () => ({ price: 'hidden' }), /for 'price', which is number, .*it is not a number/],
  ['numbers in a list', () => ({ tags: [1] }), /not a list of texts and nulls/],
  ['a day that is none', () => ({ on: '2026-02-30' }), /no day/],
  ['a time without a zone', () => ({ at: '2026-02-03 04:05' }), /no time with a zone/],
  [
    'writes to the row',
    (row) => {
      (row as Record<string, unknown>)['id'] = 2;
      return {};
    },
    /threw TypeError/,
  ],
])('%s: the record is poison, named and not quoted', (_what, map, message) => {
  let error: unknown;
  try {
    call(map);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(Unmappable);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).toContain("transform 'describe'");
  expect((error as Error).message).not.toContain('hidden');
});

const one: Transform = { version: '1', map: () => null };
const two: Transform = { version: '2', map: () => null };

test('the version that a generation was built with, of several', () => {
  const transforms = { describe: { ...two, earlier: [one] }, other: one };
  expect(findTransform({ name: 'describe', returns }, transforms)).toEqual({ ...two, earlier: [one] });
  expect(findTransform({ name: 'describe', version: '1', returns }, transforms)).toBe(one);
  expect(findTransform({ name: 'describe', version: '3', returns }, transforms)).toMatch(
    /in version 2, 1, and version 3/,
  );
  expect(findTransform({ name: 'descibe', returns }, transforms)).toMatch(
    /no transform 'descibe'\. Did you mean 'describe'\?/,
  );
  expect(findTransform({ name: 'toString', returns }, {})).toMatch(/It has none\./);
});

test.each<[object, RegExp]>([
  [{ x: { version: 1, map: () => null } }, /'x' has a version that is no text/],
  [{ x: { version: '1' } }, /'x' has no function 'map' in version 1/],
  [{ x: { ...one, earlier: [one] } }, /two functions under one version/],
])('%j is refused when the worker is made', (transforms, message) => {
  expect(() => checkTransforms(transforms as never)).toThrow(message);
});
