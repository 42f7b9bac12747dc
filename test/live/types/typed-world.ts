import type { Client } from 'pg';
import { readTables } from '../../../capture/session';
import type { Change, Row, Value } from '../../../model/change';
import type { TableSchema } from '../../../model/schema';
import type { EncodedRecord } from '../../../stream/log';
import { createSource, type Source } from '../capture/source';
import { madeTypes } from './samples';
import { openTruth, textsOf, type Texts } from './truth';
import { fillTyped, makeFindable, typedColumns, typedRows, typedTable } from './typed-table';

export const table = 'public.typed';
/** Rows above this were streamed, the others copied. */
export const streamedBy = 1_000;

/** Envelopes by id, last first come, as they were sent. */
export interface Sent {
  readonly key: string;
  readonly after: string;
}

export interface TypedWorld {
  readonly source: Source;
  readonly truth: Client;
  readonly changes: readonly Change[];
  readonly sent: ReadonlyMap<string, Sent>;
  readonly catalogue: readonly TableSchema[];
  /** What the source held when the rows were inserted, and holds in the end. */
  readonly inserted: readonly Texts[];
  readonly last: readonly Texts[];
}

/**
 * A source with a table of every type: rows that are copied, the same rows streamed, and all of them changed. Whoever asks
 * for it ends `truth`, and closes the sources.
 */
export async function openTypedWorld(): Promise<TypedWorld> {
  const source = await createSource({ statements: [...madeTypes, ...makeFindable, typedTable], tables: [table] });
  // A server that writes everything in another way: what travels must not depend on it.
  for (const setting of [`timezone to 'Asia/Kolkata'`, `datestyle to 'German'`, `intervalstyle to 'iso_8601'`]) {
    await source.sql.query(`alter database ${source.database} set ${setting}`);
  }
  await source.sql.query(`alter database ${source.database} set extra_float_digits to 0`);
  await source.sql.query(`alter database ${source.database} set bytea_output to 'escape'`);
  await source.sql.query(`alter database ${source.database} set quote_all_identifiers to on`);
  await fillTyped(source.sql);
  const truth = await openTruth(source.url);
  await source.prepare();
  const catalogue = await readTables(source.url, [table]);
  const records = new Map<string, Sent>();
  source.log.beforeAppend = async (some) => some.forEach((record) => keep(records, record));
  const running = await source.capture();
  await source.log.until(() => source.log.last?.copies[table]?.done === true, 'the copy');
  await source.sql.query(`insert into typed ${selectTyped(`id + ${streamedBy}`)} where id < ${streamedBy}`);
  const inserted = await textsOf(truth, table);
  const others = typedColumns.map(({ name }) => `"${name}" = other."${name}"`).join(', ');
  // The same values again, in an update: the row as the copy found it and as the stream brings it.
  await source.sql.query(`update typed set id = id where id < ${streamedBy}`);
  // And each row becomes what the next one was.
  await source.sql.query(
    `update typed t set ${others} from typed other
      where t.id > ${streamedBy} and other.id = (t.id - ${streamedBy}) % ${typedRows} + 1`,
  );
  await source.log.until(() => source.log.changes.length >= 4 * typedRows, 'all changes');
  await running.stop();
  const last = await textsOf(truth, table);
  return { source, truth, changes: source.log.changes, sent: records, catalogue, inserted, last };
}

function selectTyped(id: string): string {
  return `select ${[id, ...typedColumns.map(({ name }) => `"${name}"`)].join(', ')} from typed`;
}

/** The texts of key and row, cut out of what was sent by its fixed marks. */
function keep(records: Map<string, Sent>, { key, value }: EncodedRecord): void {
  const text = value?.toString() ?? '';
  const operation = /^{"op":"(.)"/.exec(text)?.[1] ?? '';
  const after = text.slice(text.indexOf(',"after":{'), text.lastIndexOf(',"source":{"version"'));
  records.set(`${operation} ${key.toString()}`, { key: key.toString(), after });
}

const scalars = new Set(['c_int2', 'c_int4', 'c_oid', 'c_float4', 'c_float8', nameOfMade('public.cents')]);
const booleans = new Set(['c_bool', nameOfMade('public.flag')]);

export function nameOfMade(type: string): string {
  return typedColumns.find((column) => column.type === type)?.name ?? '';
}

/** What the envelope must say, by what docs/types.md says and the server's own text. */
export function expectedRow(texts: Texts): Row {
  return Object.fromEntries(
    Object.entries(texts).map(([column, text]): [string, Value] => {
      if (text === null) return [column, null];
      if (booleans.has(column)) return [column, text === 't'];
      const number = column === 'id' || scalars.has(column);
      const spelled = ['NaN', 'Infinity', '-Infinity', '-0'].includes(text);
      return [column, number && !spelled ? Number(text) : text];
    }),
  );
}
