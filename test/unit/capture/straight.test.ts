import { createStraight } from '../../../capture/straight';
import { decodeWalMessage } from '../../../capture/pgoutput';
import { createTransactions } from '../../../capture/transactions';
import type { Column, TableSchema } from '../../../model/schema';
import { encodeChange, type EnvelopeContext } from '../../../stream/envelope';
import type { EncodedRecord } from '../../../stream/log';
import { seededRandom, type SeededRandom } from '../stream/seeded-random';
import { wal, type Cell } from './wal-bytes';

const context: EnvelopeContext = {
  ...{ prefix: 'shop', database: 'shop', partitions: 4 },
  limit: { bytes: 16 * 1024 * 1024, oversized: 'block' },
};

const column = (name: string, baseType: string): Column & { typeId: number } => ({
  ...{ name, baseType, type: baseType, typeId: 25, notNull: false, generated: false },
});

function tableOf(columns: readonly Column[], key: readonly string[]): TableSchema {
  return { name: 'public.items', relationId: 7, columns, key, replicaIdentity: 'f', estimatedRows: -1 };
}

const describeTable = ({ columns }: TableSchema) =>
  wal.relation(
    7,
    'items',
    columns.map(({ name }) => [name, 25]),
  );

/** What came out, in order, and how many messages went straight. */
function capture(
  table: TableSchema,
  messages: readonly Buffer[],
  options: { watched?: boolean; decoded?: boolean } = {},
) {
  const out: unknown[] = [];
  const touched: unknown[] = [];
  let straight = 0;
  const tell = (records: readonly EncodedRecord[], { lsn, index }: { lsn: string; index: number }) =>
    records.forEach(({ topic, partition, key, value }) =>
      out.push([`${lsn}/${index}`, topic, partition, key.toString('latin1'), value?.toString('latin1') ?? null]),
    );
  const ignore = () => undefined;
  const transactions = createTransactions({
    tables: [table],
    layouts: { of: () => table },
    last: { lsn: '0', index: 0 },
    messages: { counts: () => true },
    straight: createStraight(context),
    sink: {
      ...{ begin: ignore, message: ignore, closed: ignore, truncated: ignore, truncation: ignore, described: ignore },
      touched: (_table, key) => touched.push(key),
      change: (change) => tell(encodeChange(change, context), change.position),
      encoded(records, position) {
        straight += 1;
        tell(records, position);
      },
      watches: () => options.watched === true,
    },
  });
  for (const message of [describeTable(table), ...messages]) {
    // A view on memory that is used again: whatever keeps a part of it is found out.
    const reused = Buffer.from(message);
    if (options.decoded === true || !transactions.acceptStraight(reused)) transactions.accept(decodeWalMessage(reused));
    reused.fill(0xff);
  }
  return { out, touched, straight };
}

const texts = [
  '',
  'plain',
  '"quoted"',
  'back\\slash',
  'tab\tline\nreturn\rfeed\fbell\u0007\b',
  '\u001f\u007f',
  'Zoë',
  '日本 🎈',
  '{"a":1}',
];
const cells: Readonly<Record<string, readonly string[]>> = {
  text: texts,
  int2: ['0', '-32768', '32767'],
  int4: ['-2147483648', '7'],
  oid: ['4294967295'],
  int8: ['9223372036854775807', '-1'],
  numeric: ['1.50', 'NaN', '-0.000', '123456789012345678901234567890.1'],
  float4: ['0', '-0', '1e+20', '1.5', 'NaN', 'Infinity'],
  float8: ['1e-07', '1.7976931348623157e+308', '-Infinity', '100000000000000000000'],
  bool: ['t', 'f'],
  timestamptz: ['2025-11-21 09:12:44.123456+00'],
  jsonb: ['{"a": "b\\"c"}', 'null'],
  bytea: ['\\x00ff'],
  'a type of theirs': texts,
};
const types = Object.keys(cells);
const names = ['id', 'name', 'Größe', 'with "quotes"', 'total', 'x', 'constructor', 'line\nbreak'];

function randomTable(random: SeededRandom): TableSchema {
  const columns = names.slice(0, 2 + random.below(names.length - 2)).map((name) => column(name, random.pick(types)));
  const key = random.below(3) === 0 ? [columns[1]?.name ?? '', 'id'] : ['id'];
  return tableOf(columns, key);
}

const randomRow = (random: SeededRandom, { columns, key }: TableSchema): Cell[] =>
  columns.map(({ name, baseType }) =>
    !key.includes(name) && random.below(5) === 0 ? null : random.pick(cells[baseType] ?? texts),
  );

/** Also what is out of the ordinary: keys that change, the key alone, long values that were left out. */
function randomMessage(random: SeededRandom, table: TableSchema): Buffer {
  const row = randomRow(random, table);
  const isKey = (at: number) => table.key.includes(table.columns[at]?.name ?? '');
  const other = randomRow(random, table);
  const before = random.below(6) === 0 ? other : other.map((cell, at) => (isKey(at) ? row[at] : cell));
  switch (random.below(6)) {
    case 0:
      return wal.delete(7, { kind: 'O', row });
    case 1:
      return wal.update(7, row);
    case 2:
      return wal.update(7, row, { kind: 'O', row: before });
    case 3: {
      const after = row.map((cell, at) => (!isKey(at) && random.below(2) === 0 ? undefined : cell));
      return wal.update(7, after, { kind: 'O', row: before });
    }
    case 4: {
      const kept = before.map((cell, at) => (isKey(at) ? cell : null));
      return random.below(2) === 0
        ? wal.delete(7, { kind: 'K', row: kept })
        : wal.update(7, row, { kind: 'K', row: kept });
    }
    default:
      return wal.insert(7, row);
  }
}

describe('rows that go straight', () => {
  it('are, with their keys and places, byte for byte what decoding and encoding make', () => {
    const random = seededRandom();
    let straight = 0;
    let all = 0;
    for (let round = 0; round < 300; round += 1) {
      const table = randomTable(random);
      const messages = Array.from({ length: 3 }, (_, at) => [
        wal.begin(100n + BigInt(at), 4_000_000_000 + at, BigInt(random.below(1e9))),
        ...Array.from({ length: 6 }, () => randomMessage(random, table)),
        wal.commit(100n + BigInt(at), 101n + BigInt(at)),
      ]).flat();
      const ours = capture(table, messages);
      expect(ours.out).toEqual(capture(table, messages, { decoded: true }).out);
      straight += ours.straight;
      all += 18;
    }
    // Or nothing was compared.
    expect(straight).toBeGreaterThan(all / 3);
  });

  it('are the same where a database holds bytes that are no UTF-8', () => {
    const table = tableOf([column('id', 'int4'), column('note', 'text')], ['id']);
    const insert = wal.insert(7, ['1', 'XY']);
    insert.set([0xff, 0xc3], insert.length - 2);
    const messages = [wal.begin(100n, 1), insert, wal.commit(100n, 101n)];
    const ours = capture(table, messages);
    expect(ours.straight).toBe(1);
    expect(ours.out).toEqual(capture(table, messages, { decoded: true }).out);
  });

  it('are not those of a table whose keys are waited for: they are told, in their order', () => {
    const table = tableOf([column('id', 'int4')], ['id']);
    const messages = [wal.begin(100n, 1), wal.insert(7, ['1']), wal.insert(7, ['2']), wal.commit(100n, 101n)];
    expect(capture(table, messages)).toMatchObject({ straight: 2, touched: [] });
    expect(capture(table, messages, { watched: true })).toMatchObject({ straight: 0, touched: [{ id: 1 }, { id: 2 }] });
  });

  const plain = [column('id', 'int4'), column('note', 'text')];
  it.each([
    [
      'a key of which two texts are one value',
      tableOf([column('id', 'float8'), column('note', 'text')], ['id']),
      ['1', 'x'],
    ],
    ['names that JavaScript puts in front', tableOf([...plain, column('1', 'text')], ['id']), ['1', 'x', 'y']],
    [
      'a name that JavaScript takes for something else',
      tableOf([...plain, column('__proto__', 'text')], ['id']),
      ['1', 'x', 'y'],
    ],
    ['a value that was left out', tableOf(plain, ['id']), ['1', undefined]],
    ['a key without a value', tableOf(plain, ['id']), [null, 'x']],
    ['another number of columns', tableOf(plain, ['id']), ['1']],
    ['a large row', tableOf(plain, ['id']), ['1', 'x'.repeat(17_000)]],
  ] as const)('are not those with %s', (_what, table, row) => {
    const straight = createStraight(context);
    const described = decodeWalMessage(describeTable(table));
    if (described.kind !== 'relation') throw new Error('not a description');
    straight.describe(described.relation, table);
    const transaction = { lsn: '1', xid: 1, committedAt: 0 };
    expect(straight.encode(wal.insert(7, row), transaction, 1)).toBeNull();
  });

  it('are not those cut off in the middle, which decoding refuses', () => {
    const table = tableOf(plain, ['id']);
    const whole = wal.insert(7, ['1', 'some text']);
    for (let length = 6; length < whole.length; length += 1) {
      const messages = [wal.begin(100n, 1), whole.subarray(0, length)];
      expect(() => capture(table, messages)).toThrow(expect.objectContaining({ reason: 'undecodable' }) as Error);
    }
  });

  it('are not those larger than a record: these are made smaller, or refused, where they are decoded', () => {
    const table = tableOf(plain, ['id']);
    const small = createStraight({ ...context, limit: { bytes: 1_000, oversized: 'block' } });
    const described = decodeWalMessage(describeTable(table));
    if (described.kind === 'relation') small.describe(described.relation, table);
    const transaction = { lsn: '1', xid: 1, committedAt: 0 };
    expect(small.encode(wal.insert(7, ['1', 'x'.repeat(200)]), transaction, 1)).toHaveLength(1);
    expect(small.encode(wal.insert(7, ['1', 'x'.repeat(900)]), transaction, 1)).toBeNull();
  });
});
