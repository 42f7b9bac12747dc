import fc from 'fast-check';
import type { Row, Value } from '../../../model/change';
import { FlatRows } from '../../../stream/flat-rows';
import { announceSeed } from '../../support/random';
import { rowTexts, unlike } from '../../support/row-texts';

const around = ['x"\\', ',"source":{"a":"\\"b"}}'] as const;

/** What is read without being parsed, in a text of which it is a part; the rest is learnt from. */
function readAll(texts: readonly string[]): { readonly text: string; readonly row: Row | null }[] {
  const reader = new FlatRows();
  return texts.map((each) => {
    const row = reader.read(around.join(each), around[0].length);
    if (row) expect(reader.end).toBe(around[0].length + each.length);
    else reader.learn(JSON.parse(each) as Row);
    return { text: each, row };
  });
}

test('what is read is what JSON.parse makes of it, in the same order', () => {
  const seed = announceSeed('flat rows');
  fc.assert(
    fc.property(rowTexts, (texts) => {
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

test.each(unlike)('what is not written like the row before is left to be parsed: %s', (_, other) => {
  const reader = new FlatRows();
  reader.learn({ id: '1', note: 'a' });
  expect(reader.read('{"id":"2","note":"c"}', 0)).toEqual({ id: '2', note: 'c' });
  expect(reader.read(other, 0)).toBeNull();
});

test('a column of any name is set as a column', () => {
  const reader = new FlatRows();
  reader.learn(JSON.parse('{"__proto__":"1","id":"2"}') as Row);
  expect(reader.read('{"__proto__":"1","id":"2"}', 0)).toBeNull();
});
