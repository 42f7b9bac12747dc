import fc from 'fast-check';
import type { Row, Value } from '../../../model/change';
import { FlatRows } from '../../../stream/flat-rows';
import { announceSeed } from '../../support/random';

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

/** Rows of a few kinds, mixed as they come. */
const rows = fc.array(fc.uniqueArray(name, { maxLength: 20 }), { minLength: 1, maxLength: 3 }).chain((kinds) =>
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

const around = ['x"\\', ',"source":{"a":"\\"b"}}'] as const;

/** What is read without being parsed, in a text of which it is a part; the rest is learnt from. */
function readAll(texts: readonly string[]): { readonly text: string; readonly row: Row | null }[] {
  const reader = new FlatRows();
  return texts.map((each) => {
    const found = reader.finds(around.join(each), around[0].length);
    const foundEnd = reader.end;
    const row = reader.read(around.join(each), around[0].length);
    expect(found).toBe(row !== null);
    if (found) expect(foundEnd).toBe(reader.end);
    if (row) expect(reader.end).toBe(around[0].length + each.length);
    else reader.learn(JSON.parse(each) as Row);
    return { text: each, row };
  });
}

test('what is read is what JSON.parse makes of it, in the same order', () => {
  const seed = announceSeed('flat rows');
  fc.assert(
    fc.property(rows, (texts) => {
      for (const { text: each, row } of readAll(texts)) {
        if (row === null) continue;
        expect(Object.entries(row)).toStrictEqual(Object.entries(JSON.parse(each) as Row));
        expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
      }
    }),
    { seed, numRuns: 2_000 },
  );
});

test('a row like the one before is read, whatever kinds of values it has; a text with an escape is not', () => {
  const row = (note: Value) => JSON.stringify({ id: '1', note, size: 3, done: true });
  const texts = [
    row('a'),
    row('longer than that, with {} and ,'),
    row(null),
    row(-1.5e-7),
    row(false),
    row(12),
    row('a"b'),
  ];
  expect(readAll(texts).map(({ row: read }) => read !== null)).toEqual([false, true, true, true, true, true, false]);
  // A row is nobody else's: the next one alters nothing in it.
  expect(readAll(texts)[1]?.row).toEqual(JSON.parse(texts[1] ?? ''));
});

test.each([
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
])('what is not written like the row before is left to be parsed: %s', (_, other) => {
  const reader = new FlatRows();
  reader.learn({ id: '1', note: 'a' });
  expect(reader.read('{"id":"2","note":"c"}', 0)).toEqual({ id: '2', note: 'c' });
  expect(reader.read(other, 0)).toBeNull();
  expect(reader.finds(other, 0)).toBe(false);
});

test('a column of any name is set as a column', () => {
  const reader = new FlatRows();
  reader.learn(JSON.parse('{"__proto__":"1","id":"2"}') as Row);
  expect(reader.read('{"__proto__":"1","id":"2"}', 0)).toBeNull();
});
