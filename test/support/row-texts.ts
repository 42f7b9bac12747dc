import fc from 'fast-check';
import type { Row, Value } from '../../model/change';
import { RowShape, type RowText } from '../../model/row-text';

const name = fc.oneof(
  fc.constantFrom('id', 'note', '1', '0', '__proto__', 'constructor', 'a"b', ' ', ''),
  fc.string({ unit: 'grapheme' }),
);
const value: fc.Arbitrary<Value> = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('{', '}', ',', '"', '\\', '\\"', '","id":"2', 'null', '\u0000', '\u2028'),
  fc.integer(),
  fc.nat(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-0, 1e21, 1e-7, 999_999_999_999_999, 1_000_000_000_000_000, 2 ** 53),
  fc.boolean(),
  fc.constant(null),
);

/** Texts of rows of a few kinds, mixed as they come. */
export const rowTexts = fc
  .array(fc.uniqueArray(name, { maxLength: 20 }), { minLength: 1, maxLength: 3 })
  .chain((kinds) =>
    fc.array(
      fc
        .constantFrom(...kinds)
        .chain((names) => fc.tuple(...names.map(() => value)).map((values) => text(names, values))),
      { maxLength: 12 },
    ),
  );

/** As the log has them, which knows nothing of JavaScript's order of properties. */
function text(names: readonly string[], values: readonly Value[]): string {
  return `{${names.map((each, at) => `${JSON.stringify(each)}:${JSON.stringify(values[at] ?? null)}`).join(',')}}`;
}

/** Texts that are not written like `{"id":"1","note":"a"}`. */
export const unlike: readonly (readonly [string, string])[] = [
  ['another column', '{"id":"1","name":"b"}'],
  ['one more', '{"id":"1","note":"b","more":1}'],
  ['one less', '{"id":"1"}'],
  ['another order', '{"note":"b","id":"1"}'],
  ['a text that does not end', '{"id":"1","note":"b'],
  ['a number that is none', '{"id":"1","note":1.2.3}'],
  ['a leading zero', '{"id":"1","note":012}'],
  ['a word', '{"id":"1","note":nil}'],
  ['a list', '{"id":"1","note":["b"]}'],
  ['nothing', '{"id":"1","note":}'],
];

/** A row as it travels, in the middle of a record. */
export function rowText(row: Row): RowText {
  const shape = RowShape.of(Object.keys(row));
  if (!shape) throw new Error('a row of no columns has no shape');
  const [before, text] = ['{"op":"c","before":null,"after":', JSON.stringify(row)];
  const [from, bytes] = [before.length, Buffer.from(`${before}${text},"source":{}}`)];
  return { text, bytes, from, end: from + Buffer.byteLength(text), shape };
}
