import type { Row, Value } from '../../model/change';
import { parseTableName } from '../../model/change';
import { parserOf } from '../../model/value-types';
import type { CapturedTable } from '../source/catalogue';
import { quoteName, quoteTable } from '../source/quoting';
import { createKeyOf, keyText, parameterOf } from '../values';
import { chunkBytes, published, widthOf } from './width';

/** The keys of an order cannot be read. */
class UnreadableKeys extends Error {}

/**
 * Reads rows by their keys, and says of each key whether its row is there: behind the columns of the key as PostgreSQL
 * writes it stand those of the row. Each value goes through the column's own type, so that `"007"` and `7` are one key of
 * an integer; one that the type would cut (a longer text, more decimals) would be another row's key and is told apart.
 * Invariant 10: answered are the first keys up to about `chunkBytes` of text, one at least; the rows of the others are not
 * even read.
 */
export function keyedStatement(
  table: CapturedTable,
  keys: readonly Row[],
): { text: string; values: (string | null)[] } {
  const types = typesOfKey(table);
  const parameter = (at: number, part: number) => `$${at * types.length + part + 1}`;
  const given = keys.map((_, at) => {
    const parts = types.map((type, part) => `${parameter(at, part)}::${type}`);
    return `(${[at, ...parts, exact(types, (part) => parameter(at, part))].join(', ')})`;
  });
  const asked = types.map((_, part) => `k${part}`);
  const [first = ''] = table.key;
  const columns = published(table);
  const selected = [
    ...[...asked, 'exact'].map((name) => `asked.${name}`),
    `found.${quoteName(first)} is not null`,
    ...columns.map(({ name }) => `found.${quoteName(name)}`),
  ];
  const places = selected.map((_, at) => `c${at}`).join(', ');
  const width = `coalesce(${widthOf(columns, 'found.') ?? '0'}, 0)`;
  const read =
    `select ${selected.join(', ')}, asked.at, ${width} from (values ${given.join(', ')}) ` +
    `asked(at, ${asked.join(', ')}, exact) left join ${sourceOf(table)} on ${sameKey(table)}`;
  return {
    text:
      `select ${places} from (select page.*, sum(width) over (order by at rows unbounded preceding) as so_far ` +
      `from (${read}) page(${places}, at, width)) sized where so_far - width < ${chunkBytes} order by at`,
    values: valuesOf(table, keys),
  };
}

/** Asks which of these keys have no row, by their place: nothing is read but the key's index. */
export function missingStatement(
  table: CapturedTable,
  keys: readonly Row[],
): { text: string; values: (string | null)[] } {
  const types = typesOfKey(table);
  const given = keys.map((_, at) => {
    const parts = types.map((type, part) => `$${at * types.length + part + 1}::${type}`);
    return `(${[at, ...parts].join(', ')})`;
  });
  const asked = types.map((_, part) => `k${part}`).join(', ');
  return {
    text:
      `select at from (values ${given.join(', ')}) asked(at, ${asked}) ` +
      `where not exists (select from ${sourceOf(table)} where ${sameKey(table)})`,
    values: valuesOf(table, keys),
  };
}

/** What `missingStatement` answered. */
export function missingOf(
  keys: readonly Row[],
  answer: readonly (string | null)[][],
): { readonly missing: Row[]; readonly answered: number } {
  const places = new Set(answer.map(([at]) => Number(at)));
  return { missing: keys.filter((_, at) => places.has(at)), answered: keys.length };
}

function typesOfKey({ key, columns }: CapturedTable): string[] {
  return key.map((name) => columns.find((column) => column.name === name)?.type ?? 'text');
}

function valuesOf({ key }: CapturedTable, keys: readonly Row[]): (string | null)[] {
  return keys.flatMap((row) => key.map((name) => parameterOf(row[name] ?? null)));
}

/** Operators by their schema, for the reason that `behind` in chunk.ts gives. */
function sameKey(table: CapturedTable): string {
  const same = table.key.map((name, part) => {
    const operator = `operator(${quoteName(table.keyOperators[part] ?? 'pg_catalog')}.=)`;
    return `found.${quoteName(name)} ${operator} asked.k${part}`;
  });
  return same.join(' and ');
}

function sourceOf(table: CapturedTable): string {
  return `${table.partitioned ? '' : 'only '}${quoteTable(parseTableName(table.name))} found`;
}

/** SQL for whether the types keep what is given; PostgreSQL's own casts cut without a word. */
function exact(types: readonly string[], parameter: (part: number) => string): string {
  const cut = types.flatMap((type, part) => {
    const whole = type.replace(/^character(?=\()/, 'pg_catalog.bpchar').replace(/\([^)]*\)/, '');
    return whole === type ? [] : [`${parameter(part)}::${type} = ${parameter(part)}::${whole}`];
  });
  return cut.length === 0 ? 'true' : cut.join(' and ');
}

/** What `keyedStatement` answered: rows that are there, and the keys of those that are not. Throws `UnreadableKeys`. */
export function parseKeyed(
  table: CapturedTable,
  answer: readonly (string | null)[][],
): { readonly rows: Row[]; readonly missing: Row[]; readonly bytes: number; readonly answered: number } {
  const width = table.key.length;
  const columns = published(table);
  const keyColumns = table.key.map((name) => columns.find((column) => column.name === name));
  const keyOf = createKeyOf(table);
  const rows = new Map<string, Row>();
  const missing = new Map<string, Row>();
  let bytes = 0;
  for (const texts of answer) {
    if (texts[width] !== 't') throw new UnreadableKeys('a value is longer or finer than its column can hold');
    const row: Record<string, Value> = {};
    if (texts[width + 1] === 't') {
      columns.forEach((column, at) => (row[column.name] = valueOf(column, texts[width + 2 + at])));
      bytes += texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
      rows.set(keyText(keyOf(row)), row);
    } else {
      keyColumns.forEach((column, at) => column && (row[column.name] = valueOf(column, texts[at])));
      const key = keyOf(row);
      missing.set(keyText(key), key);
    }
  }
  return { rows: [...rows.values()], missing: [...missing.values()], bytes, answered: answer.length };
}

function valueOf(column: Parameters<typeof parserOf>[0], text: string | null | undefined): Value {
  return text === null || text === undefined ? null : parserOf(column)(text);
}

/** Before it is sent: each key names the columns of the table's own, with a value each. Null: they do. */
export function judgeKeys({ name, key }: Pick<CapturedTable, 'name' | 'key'>, keys: readonly Row[]): string | null {
  const wanted = [...key].sort().join(', ');
  const at = keys.findIndex(
    (given) =>
      Object.keys(given).sort().join(', ') !== wanted ||
      Object.values(given).some((value) => value === null || value === undefined),
  );
  if (at < 0) return null;
  return `the key of ${name} is (${key.join(', ')}), and key ${at + 1} of ${keys.length} is not of just these columns`;
}

/** What an operator has to mend about the keys, of an error that reading them met; null: it is about something else. */
export function refusalOf({ name, key, columns }: CapturedTable, error: unknown): string | null {
  const types = key.map((part) => `${part} ${columns.find((column) => column.name === part)?.type}`).join(', ');
  const what = `the key of ${name} is (${types}), and`;
  if (error instanceof UnreadableKeys) return `${what} ${error.message}`;
  // SQLSTATE class 22: a value that its type refuses. PostgreSQL's own sentence has the value in it.
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('22') ? `${what} PostgreSQL takes a value for none of that type (${code})` : null;
}
