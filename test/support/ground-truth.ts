import type { Database } from './database';
import { compareRows, type Difference, type Rows } from './differences';
import { readIndex } from './index-contents';
import { replicaExpectations, searchExpectations, type Expectation } from './expectations';

/** Every row of the source as the expectation says the store must hold it, each column as SQL's text. */
export async function expectedRows(source: Database, expectation: Expectation): Promise<Rows> {
  const columns = Object.entries(expectation.columns).map(([name, sql]) => `(${sql})::text as ${quoted(name)}`);
  return byKey(
    await source.query(`select ${columns.join(', ')} from ${expectation.table} where ${expectation.where}`),
    expectation.key,
  );
}

/** Compares the replica's views with the source, row by row, both directions. Plain SQL; none of our code. */
export async function compareReplica(input: {
  readonly source: Database;
  readonly replica: Database;
  readonly schema: string;
  readonly expectations?: readonly Expectation[];
}): Promise<Difference[]> {
  const { source, replica, schema, expectations = replicaExpectations } = input;
  const differences: Difference[] = [];
  for (const expectation of expectations) {
    const view = `${quoted(schema)}.${quoted(expectation.target)}`;
    const names = await replica.query(
      `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
      [view],
    );
    // All columns the view has, and not those we expect: one too many is a difference as well.
    const columns = names.map(({ name }) => `${quoted(String(name))}::text as ${quoted(String(name))}`);
    const found = byKey(await replica.query(`select ${columns.join(', ')} from ${view}`), expectation.key);
    differences.push(...compareRows(expectation.target, await expectedRows(source, expectation), found));
  }
  return differences;
}

/** Compares everything readers find behind the alias with the source, both directions. */
export async function compareIndex(input: {
  readonly source: Database;
  readonly elasticsearch: string;
  readonly alias: string;
  readonly expectations?: readonly Expectation[];
}): Promise<Difference[]> {
  const { source, elasticsearch, alias, expectations = searchExpectations } = input;
  return compareDocuments({ source, expectations, found: await readIndex(elasticsearch, alias) });
}

/** Documents by id, as a reader of some store has them, with the source, both directions. */
export async function compareDocuments(input: {
  readonly source: Database;
  readonly expectations: readonly Expectation[];
  readonly found: Map<string, Record<string, unknown>>;
}): Promise<Difference[]> {
  const { source, expectations, found } = input;
  const differences: Difference[] = [];
  for (const expectation of expectations) {
    const expected = new Map(
      [...(await expectedRows(source, expectation))].map(([key, row]) => [
        documentIdOf(expectation, row),
        { key, row },
      ]),
    );
    const types = await columnTypes(source, expectation);
    const documents = new Map<string, Record<string, string | null>>();
    for (const [id, document] of found) {
      if (!id.startsWith(`${expectation.target}/`)) continue;
      found.delete(id);
      const { _slipstream_id: ownId, ...fields } = document;
      if (ownId !== undefined && ownId !== id)
        throw new Error(`The document ${id} says that its id is ${JSON.stringify(ownId)}.`);
      const grown = expectation.hasGrown
        ? Object.fromEntries(Object.keys(expectation.columns).map((column) => [column, null]))
        : {};
      documents.set(id, normalised({ ...grown, ...fields }, types));
    }
    const rows = new Map([...expected].map(([id, { row }]) => [id, normalised(row, types)]));
    differences.push(...compareRows(expectation.target, rows, documents));
  }
  for (const id of found.keys()) {
    differences.push({ target: '(none of ours)', key: id, kind: 'only in the store', columns: [] });
  }
  return differences;
}

/** Target and key values, joined by slashes, with slashes and percent signs of the values escaped. */
export function documentIdOf({ target, key }: Expectation, row: Readonly<Record<string, string | null>>): string {
  return [target, ...key.map((name) => String(row[name]).split('%').join('%25').split('/').join('%2F'))].join('/');
}

async function columnTypes(source: Database, expectation: Expectation): Promise<Record<string, string>> {
  const columns = Object.entries(expectation.columns).map(
    ([name, sql]) => `pg_typeof(${sql})::text as ${quoted(name)}`,
  );
  const [row] = await source.query(`select ${columns.join(', ')} from ${expectation.table} limit 1`);
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, type]) => [name, String(type)]));
}

/** An index may write a value in its own way; equal values get one text here. */
function normalised(
  row: Readonly<Record<string, unknown>>,
  types: Record<string, string>,
): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value === null ? null : oneText(value, types[name] ?? 'text')]),
  );
}

function oneText(value: unknown, type: string): string {
  if (type === 'jsonb') return canonical(typeof value === 'string' ? JSON.parse(value) : value);
  if (type === 'timestamp with time zone') return instant(String(value));
  if (type === 'numeric')
    return String(value)
      .replace(/(\.\d*?)0+$/, '$1')
      .replace(/\.$/, '');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `2026-01-02 03:04:05.123456+00` and `2026-01-02T03:04:05.123456Z` are one instant; micro-seconds count. */
function instant(text: string): string {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+]00(?::?00)?)$/.exec(text);
  return match ? `${match[1]} ${match[2]}.${(match[3] ?? '').padEnd(6, '0')}` : text;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([name, part]) => `${JSON.stringify(name)}:${canonical(part)}`).join(',')}}`;
}

function byKey(
  rows: readonly Record<string, string | boolean | null>[],
  key: readonly string[],
): Map<string, Record<string, string | null>> {
  const result = new Map<string, Record<string, string | null>>();
  for (const row of rows) {
    const text = Object.fromEntries(Object.entries(row).map(([name, v]) => [name, v === null ? null : String(v)]));
    const id = key.map((name) => text[name]).join('|');
    if (result.has(id)) throw new Error(`The key ${id} occurs twice.`);
    result.set(id, text);
  }
  return result;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
