import { CopiedRow, createPageIntake, stateOf, type ChunkRow } from '../../../../capture/copy/copied-row';
import { createChunkSupply } from '../../../../capture/copy/records';
import type { Row } from '../../../../model/change';
import type { Column } from '../../../../model/schema';
import { parserOf } from '../../../../model/value-types';
import type { EnvelopeContext } from '../../../../stream/envelope';
import type { EncodedRecord } from '../../../../stream/log';
import { createHeaderEncoder } from '../../../../stream/producer/records';
import { listed } from '../../../../stream/supply';
import { seededRandom, type SeededRandom } from '../../stream/seeded-random';
import { tableOf } from './world';

const context: EnvelopeContext = {
  ...{ prefix: 'shop', database: 'shop', partitions: 4 },
  limit: { bytes: 100_000, oversized: 'reference' },
};

const form = { encodeHeaders: createHeaderEncoder({}), mostBytes: 200_000 };

const column = (name: string, baseType: string): Column => ({
  ...{ name, baseType, type: baseType, typeId: 25, notNull: false, generated: false },
});

const texts = [
  ...['', 'plain', '"quoted"', 'back\\slash', '\\N', '\\', 'N', '\\t', 'Zoë', '日本 🎈', 'a\\\tb'],
  ...['tab\tline\nreturn\rfeed\fbell\u0007\b\v', '\u001f\u007f', 'x'.repeat(17_000), '\\'.repeat(9_000)],
];
const values: Readonly<Record<string, readonly string[]>> = {
  text: texts,
  int4: ['-2147483648', '7'],
  int8: ['9223372036854775807', '-1'],
  numeric: ['1.50', 'NaN', '-0.000'],
  float8: ['1e-07', '-0', 'Infinity', '100'],
  bool: ['t', 'f'],
  bytea: ['\\x00ff'],
};
const types = Object.keys(values);
const names = ['id', 'name', 'Größe', 'with "quotes"', 'total', '1'];

/** What the server writes: PostgreSQL's CopyAttributeOutText. */
const letters: Readonly<Record<string, string>> = { '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v' };
const copyText = (text: string) =>
  text.replace(/[\\\b\f\n\r\t\v]/g, (character) => `\\${letters[character] ?? character}`);
const lineOf = (cells: readonly (string | null)[]) =>
  Buffer.from(`${cells.map((cell) => (cell === null ? '\\N' : copyText(cell))).join('\t')}\n`);

function randomTable(random: SeededRandom) {
  const columns = names.slice(0, 2 + random.below(names.length - 1)).map((name) => column(name, random.pick(types)));
  return { ...tableOf('public.items', 3), columns, key: random.below(3) === 0 ? ['name', 'id'] : ['id'] };
}

type Table = ReturnType<typeof randomTable>;

const randomCells = (random: SeededRandom, { columns, key }: Table) =>
  columns.map(({ name, baseType }) =>
    !key.includes(name) && random.below(4) === 0 ? null : random.pick(values[baseType] ?? texts),
  );

const rowOf = ({ columns }: Table, cells: readonly (string | null)[]): Row =>
  Object.fromEntries(
    columns.map((each, at) => {
      const cell = cells[at] ?? null;
      return [each.name, cell === null ? null : parserOf(each)(cell)];
    }),
  );

const recordsOf = (table: Table, rows: readonly ChunkRow[]) => {
  const cursor = { done: true, after: null, rows: 8 };
  const chunk = { table, rows, missing: [], bytes: 0, cursor, readAt: 1_700_000_000_000 };
  return listed(createChunkSupply(chunk, '77', { context, form }));
};
/** The order of each partition. */
const readable = (records: readonly EncodedRecord[]) =>
  [...records]
    .sort((left, right) => left.partition - right.partition)
    .map(({ topic, partition, headers, key, value }) => ({
      ...{ topic, partition, headers, key: key.toString(), value: value?.toString() },
    }));

/** Each line between others, and a large one from memory that is used again: whatever keeps a part of that is found out. */
function takeIn(table: Table, lines: readonly Buffer[], extras = 0) {
  const page = createPageIntake(table, extras);
  for (const line of lines) {
    const around = Buffer.concat([Buffer.from('5\t'), line, Buffer.from('\t6')]);
    page.add(around, 2, 2 + line.length);
    if (line.length > 16 * 1024 + 1) around.fill(0x5c);
  }
  return page;
}

it('rows as COPY writes them become, byte for byte, the records that decoded rows become', () => {
  const random = seededRandom();
  let copied = 0;
  for (let round = 0; round < 300; round += 1) {
    const table = randomTable(random);
    const all = Array.from({ length: 8 }, () => randomCells(random, table));
    const { rows } = takeIn(table, all.map(lineOf));
    const expected = all.map((cells) => rowOf(table, cells));
    expect(rows.map(stateOf)).toEqual(expected);
    expect(readable(recordsOf(table, rows))).toEqual(readable(recordsOf(table, expected)));
    copied += rows.filter((row) => row instanceof CopiedRow).length;
  }
  // Or nothing was compared.
  expect(copied).toBeGreaterThan(500);
});

it('plain rows of every length too, wherever in the memory of a socket they stand and however little is behind them', () => {
  const columns = [column('id', 'int8'), column('name', 'text'), column('on', 'bool'), column('note', 'text')];
  const table = { ...tableOf('public.items', 3), columns, key: ['id'] };
  const all = Array.from({ length: 60 }, (_, at) => [
    ...[String(10 ** (at % 13)), at % 5 === 0 ? null : 'name'.repeat(at % 7), at % 2 === 0 ? 't' : 'f'],
    at % 11 === 0 ? null : `${'x'.repeat(at)}${['', '"', 'é', '\\'][at % 13] ?? ''}${'y'.repeat(at % 4)}`,
  ]);
  const expected = all.map((cells) => rowOf(table, cells));
  for (let behind = 0; behind < 6; behind += 1) {
    const page = createPageIntake(table, 0);
    const lines = Buffer.concat([Buffer.from(' '.repeat(behind)), ...all.map(lineOf), Buffer.alloc(behind, 0x09)]);
    let from = behind;
    for (const { length } of all.map(lineOf)) {
      page.add(lines, from, from + length);
      from += length;
    }
    expect(page.rows.map(stateOf)).toEqual(expected);
    expect(readable(recordsOf(table, page.rows))).toEqual(readable(recordsOf(table, expected)));
  }
});

it('what stands behind the columns is no part of a row, and its last one is told', () => {
  const table = { ...tableOf('public.items', 3), columns: [column('id', 'int4'), column('note', 'text')], key: ['id'] };
  const lines = [lineOf(['1', 'a\tb', '3']), lineOf(['2', null, '17'])];
  const page = takeIn(table, lines, 1);
  expect(page.rows.map(stateOf)).toEqual([
    { id: 1, note: 'a\tb' },
    { id: 2, note: null },
  ]);
  expect(page.lastExtra).toBe('17');
  expect(page.bytes).toBe(lines.reduce((sum, { length }) => sum + length - 1, 0));
  const large = takeIn(table, [lineOf(['1', 'x'.repeat(20_000), '20001'])], 1);
  expect(large.rows.map((row) => row instanceof CopiedRow)).toEqual([false]);
  expect(large.lastExtra).toBe('20001');
});

it.each([
  ['too few', ['1']],
  ['too many', ['1', 'x', 'y']],
  ['too many, one with a tab', ['1', '\t', 'y']],
] as const)('a line of %s columns is refused, not guessed at', (_what, cells) => {
  const table = { ...tableOf('public.items', 3), columns: [column('id', 'int4'), column('note', 'text')], key: ['id'] };
  expect(() => takeIn(table, [lineOf(cells)]).rows.map(stateOf)).toThrow('number of columns');
});
