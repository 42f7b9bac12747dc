import fc from 'fast-check';
import type { Row } from '../../../model/change';
import { RowShape } from '../../../model/row-text';
import { announceSeed } from '../../support/random';
import { rowTexts, unlike } from '../../support/row-texts';

const around = ['x"\\', ',"source":{"a":"\\"b"}}'] as const;

/** The texts of a row's values, in order; null: not of the shape. */
function valuesIn(shape: RowShape | null, text: string): string[] | null {
  const bytes = Buffer.from(around.join(text));
  const end = shape?.walk(bytes, around[0].length) ?? -1;
  if (!shape || end < 0) return null;
  expect(end).toBe(around[0].length + Buffer.byteLength(text));
  const { places } = shape;
  return shape.names.map((_, at) => bytes.toString('utf8', places[at * 2], places[at * 2 + 1]));
}

test('what is found is what JSON.parse makes of it, in the same order', () => {
  const seed = announceSeed('rows as they travel');
  let found = 0;
  fc.assert(
    fc.property(rowTexts, (texts) => {
      let shape: RowShape | null = null;
      for (const text of texts) {
        const row = JSON.parse(text) as Row;
        const values = valuesIn(shape, text);
        if (values) {
          found += 1;
          expect(shape?.names).toEqual(Object.keys(row));
          expect(values.map((value) => JSON.parse(value) as unknown)).toStrictEqual(Object.values(row));
        }
        shape = RowShape.of(Object.keys(row));
      }
    }),
    { seed, numRuns: 2_000 },
  );
  expect(found).toBeGreaterThan(200);
});

const values = ['"b"', '""', '"ü 😀 \u2028"', '0', '-0', '12', '-1.5', '1e+21', '1.5E-7', 'null', 'true', 'false'];
test.each(values)('a value of any kind is found as it stands: %s', (value) => {
  expect(valuesIn(RowShape.of(['id', 'note']), `{"id":"1","note":${value}}`)).toEqual(['"1"', value]);
  expect(valuesIn(RowShape.of(['note', 'id']), `{"note":${value},"id":"1"}`)).toEqual([value, '"1"']);
});

const odd = ['"a\\"b"', '"two\nlines"', '{"a":1}', '-', '1.', '.5', '1e', '+1', 'nulls', 'NULL', 'NaN', '1 ', ''];
test.each(odd)('what is written in another way, or is no JSON, is not: %j', (value) => {
  expect(valuesIn(RowShape.of(['id', 'note']), `{"id":"1","note":${value}}`)).toBeNull();
  expect(valuesIn(RowShape.of(['note', 'id']), `{"note":${value},"id":"1"}`)).toBeNull();
});

test.each(unlike)('nor is a row of another shape: %s', (_, text) => {
  expect(valuesIn(RowShape.of(['id', 'note']), text)).toBeNull();
});

test('a row that the record ends in is none', () => {
  const [shape, text] = [RowShape.of(['id', 'note']), '{"id":"1","note":"b"}'];
  for (let length = 0; length < text.length; length += 1)
    expect(shape?.walk(Buffer.from(text.slice(0, length)), 0)).toBe(-1);
});

test('rows without columns, and those with one that assignments do not set, have no shape', () => {
  expect(RowShape.of([])).toBeNull();
  expect(RowShape.of(['id', '__proto__'])).toBeNull();
});
