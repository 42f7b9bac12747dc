import type { Client } from 'pg';
import { readTables } from '../../../capture/session';
import type { Row, Value } from '../../../model/change';
import type { Predicate, Scalar } from '../../../model/mapping-file';
import { comparableOf, comparableTypes } from '../../../model/rules/comparison';
import { readPredicate } from '../../../model/rules/where';
import { parserOf } from '../../../model/value-types';
import { createDatabase, type Database } from '../../support/database';
import { testAddress } from '../../support/project';
import { announceSeed, seeded, type Random } from '../../support/random';
import { openTruth } from '../types/truth';

/** Type → values that are hard to tell apart, each both in rows and as a literal. */
const values: Readonly<Record<string, readonly string[]>> = {
  bool: ['true', 'false'],
  int2: ['-32768', '0', '1', '32767'],
  int4: ['-2147483648', '0', '1', '2147483647'],
  int8: ['9007199254740991', '9007199254740992', '9007199254740993', '-9223372036854775808', '0'],
  oid: ['0', '1', '4294967295'],
  numeric: [
    ...['NaN', 'Infinity', '-Infinity', '0', '-0.0', '1.5', '1.50', '9007199254740992.0000000001', '9007199254740992'],
    ...['1e-300', '1e300', '99999999999999999999999999999999', '-1.49999999999999999999999999'],
  ],
  float4: ['NaN', 'Infinity', '-Infinity', '-0', '0', '0.1', '16777216', '16777217', '1e-45', '3.4028235e38'],
  float8: ['NaN', 'Infinity', '-Infinity', '-0', '0', '0.1', '1e-7', '1e21', '5e-324', '9007199254740993'],
  text: ['', 'a', 'ab', 'Ab', 'a b', 'é', 'e\u0301', '\uff5e', '\u{1f600}', '\u{10ffff}', '\ue000', 'a ', '語'],
  varchar: ['', 'b', 'B', '\u{1f600}', '\uffee'],
  bpchar: ['', 'a', 'a ', 'ab', '\u00e4'],
  name: ['a', 'Z', '_', '\u00e4'],
  uuid: [
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '6c0d5bb6-6d5f-4a0e-9d6c-0000000000aa',
  ],
  date: [
    'infinity',
    '-infinity',
    '4713-01-01 BC',
    '0001-01-01',
    '2000-02-29',
    '9999-12-31',
    '10000-01-01',
    '5874897-12-31',
  ],
  time: ['00:00:00', '24:00:00', '23:59:59.999999', '12:00:00', '12:00:00.000001'],
  timestamp: [
    'infinity',
    '-infinity',
    '4713-01-01 00:00:00 BC',
    '2026-02-03 04:05:06',
    '2026-02-03 04:05:06.000001',
    '294276-12-31 23:59:59.999999',
  ],
  timestamptz: [
    'infinity',
    '-infinity',
    '2026-02-03 04:05:06+00',
    '2026-02-03 04:05:06+05:30',
    '2026-02-02 22:35:06.000001+00',
    '0044-03-15 12:00:00+00 BC',
  ],
  enum: ['sad', 'glad', 'Mad'],
};
const rowCount = 120;
const predicateCount = 1_500;
const perQuery = 100;

let database: Database;
let truth: Client;
let rows: readonly Row[];
let columns: Awaited<ReturnType<typeof readTables>>[number]['columns'];
let random: Random;

const typeOf = (baseType: string) => (baseType === 'enum' ? 'mood' : baseType === 'bpchar' ? 'character(3)' : baseType);
const columnOf = (baseType: string) => `c_${baseType}`;

beforeAll(async () => {
  random = seeded(announceSeed('predicates'));
  database = await createDatabase(testAddress('postgres'), `predicates_${Date.now().toString(36)}${process.pid}`);
  await database.query(`create type mood as enum ('sad', 'glad', 'Mad')`);
  const defined = comparableTypes.map((type) => `${columnOf(type)} ${typeOf(type)}`).join(', ');
  await database.query(`create table ground (id int primary key, ${defined})`);
  for (let id = 0; id < rowCount; id += 1) {
    const picked = comparableTypes.map((type) => (random.chance(0.15) ? null : random.pick(values[type] ?? [])));
    const places = comparableTypes.map((type, at) => `$${at + 2}::text::${typeOf(type)}`).join(', ');
    await database.query(`insert into ground values ($1, ${places})`, [id, ...picked]);
  }
  const [table] = await readTables(database.url, ['public.ground']);
  columns = table?.columns ?? [];
  truth = await openTruth(database.url);
  const texts = await truth.query<Record<string, string | null>>('select * from public.ground order by id');
  rows = texts.rows.map((row) =>
    Object.fromEntries(
      columns.map((column): [string, Value] => {
        const text = row[column.name] ?? null;
        return [column.name, text === null ? null : parserOf(column)(text)];
      }),
    ),
  );
});

afterAll(async () => {
  await truth.end();
  await database.close();
});

test('every type that can be compared has values here', () => {
  expect(Object.keys(values).sort()).toEqual([...comparableTypes].sort());
  expect(columns.map(({ baseType }) => baseType).slice(1)).toEqual(comparableTypes);
});

function literalOf(type: string): Scalar {
  const text = random.pick(values[type] ?? []);
  if (type === 'bool') return text === 'true';
  const short = /^-?\d{1,9}(\.\d{1,3})?$/.test(text);
  return short && ['int2', 'int4', 'oid', 'numeric', 'float8'].includes(type) && random.chance(0.5)
    ? Number(text)
    : text;
}

function predicate(depth: number): Predicate {
  if (depth > 0 && random.chance(0.5)) {
    const some = () => Array.from({ length: random.between(1, 3) }, () => predicate(depth - 1));
    return random.pick([() => ({ all: some() }), () => ({ any: some() }), () => ({ not: predicate(depth - 1) })])();
  }
  const type = random.pick(comparableTypes);
  const column = columnOf(type);
  if (random.chance(0.1)) return { column, isNull: random.chance(0.5) };
  if (random.chance(0.15)) return { column, in: [literalOf(type), literalOf(type)] };
  const ordered = comparableOf(type)?.ordered ?? false;
  const key = random.pick(
    ordered
      ? (['equals', 'notEquals', 'less', 'atMost', 'more', 'atLeast'] as const)
      : (['equals', 'notEquals'] as const),
  );
  return { column, [key]: literalOf(type) };
}

const signs = { equals: '=', notEquals: '<>', less: '<', atMost: '<=', more: '>', atLeast: '>=' } as const;

/** The predicate as SQL says it, with literals cast to the column's type and texts in collation "C". */
function sql({ all, any, not, column = '', isNull, in: some, ...rest }: Predicate): string {
  if (all) return `(${all.map(sql).join(' and ')})`;
  if (any) return `(${any.map(sql).join(' or ')})`;
  if (not) return `not (${sql(not)})`;
  if (isNull !== undefined) return `${column} is ${isNull ? '' : 'not '}null`;
  const type = column.slice(2);
  const collated = ['text', 'varchar', 'bpchar', 'name'].includes(type) ? `${column} collate "C"` : column;
  const cast = type === 'bpchar' ? 'bpchar' : ['int2', 'int4', 'int8', 'oid'].includes(type) ? 'numeric' : typeOf(type);
  const value = type === 'oid' ? `${column}::int8` : collated;
  const written = (literal: Scalar) => `'${String(literal).replaceAll("'", "''")}'::${cast}`;
  if (some) return `${value} in (${some.map(written).join(', ')})`;
  const [key, literal] = Object.entries(rest).find(([, given]) => given !== undefined) ?? [];
  return `${value} ${signs[key as keyof typeof signs]} ${written(literal as Scalar)}`;
}

interface Disagreement {
  readonly predicate: string;
  readonly id: Value;
  readonly server: boolean;
}

/** Where a reading of predicates and the server's own verdict differ, over every row. */
async function disagreements(
  predicates: readonly Predicate[],
  read: (predicate: Predicate) => (row: Row) => boolean,
): Promise<{ different: Disagreement[]; held: number }> {
  const different: Disagreement[] = [];
  let held = 0;
  for (let at = 0; at < predicates.length; at += perQuery) {
    const some = predicates.slice(at, at + perQuery);
    const asked = some.map((each, index) => `(${sql(each)}) is true as p${index}`);
    const answer = await truth.query<Record<string, string>>(`select id, ${asked.join(', ')} from public.ground`);
    const verdicts = new Map(answer.rows.map((row) => [Number(row['id']), row]));
    for (const [index, each] of some.entries()) {
      const holds = read(each);
      for (const row of rows) {
        const server = verdicts.get(Number(row['id']))?.[`p${index}`] === 't';
        held += Number(server);
        if (holds(row) !== server) different.push({ predicate: JSON.stringify(each), id: row['id'] ?? null, server });
      }
    }
  }
  return { different, held };
}

const byType = () => new Map(columns.map((column) => [column.name, column]));
const ours = (each: Predicate) => {
  const { holds, problems } = readPredicate(each, byType());
  expect(problems).toEqual([]);
  return holds;
};

test("predicates agree with PostgreSQL's own verdict, over every comparable type", async () => {
  await truth.query('set search_path to public');
  const predicates = Array.from({ length: predicateCount }, () => predicate(2));
  const { different, held } = await disagreements(predicates, ours);
  expect(different.slice(0, 5)).toEqual([]);
  // Neither nothing nor everything: the verdicts say something.
  expect(held / (predicateCount * rowCount)).toBeGreaterThan(0.2);
  expect(held / (predicateCount * rowCount)).toBeLessThan(0.8);
});

/** Controls: the two readings that suggest themselves, numbers as doubles and texts as JavaScript compares them. */
test.each([
  ['int8', (value: Value) => Number(value)],
  ['numeric', (value: Value) => Number(value)],
  ['text', (value: Value) => String(value)],
])('control: %s compared as JavaScript would is noticed', async (type, meaning) => {
  const literals = values[type] ?? [];
  const predicates = literals.map((literal): Predicate => ({ column: columnOf(type), less: literal }));
  const naive = (each: Predicate) => (row: Row) => {
    const value = row[columnOf(type)] ?? null;
    return value !== null && meaning(value) < meaning(each.less ?? '');
  };
  expect((await disagreements(predicates, ours)).different).toEqual([]);
  expect((await disagreements(predicates, naive)).different).not.toEqual([]);
});
