import { setTimeout } from 'node:timers/promises';
import type { Client } from 'pg';
import { parseTableName, type Change, type Row, type Value } from '../../model/change';
import { describeKey } from '../../model/describe-key';
import { Blocked, Unavailable } from '../../model/errors';
import { parserOf } from '../../model/value-types';
import { parseSnapshot, sees } from '../copy/snapshot';
import { parameterOf } from '../values';
import { readCatalogue, type CapturedTable } from './catalogue';
import { connect, disconnect, translateSourceError } from './connection';
import { quoteName, quoteTable } from './quoting';

/** What is to be read, and the change it is read for. */
export interface WantedColumns {
  readonly table: string;
  readonly key: Row;
  readonly columns: readonly string[];
  readonly transaction: Change['transaction'];
}

/** Reads columns of single rows at the source: those that no record of the log could carry. */
export interface RowReader {
  /**
   * The columns as they are now, which is as the change left them, or later; null when the row is gone by now. Rejects with
   * `Unavailable` while the change is not visible yet, with `Blocked` for a column that is gone or too large to be held.
   */
  read(wanted: WantedColumns, signal: AbortSignal): Promise<Row | null>;
  close(): Promise<void>;
}

/** Invariant 10: a worker holds a value several times over while it maps and writes it. */
const largestBytes = 64 * 1024 * 1024;
/** A commit becomes visible within milliseconds, or waits for a standby: then the slice fails and is tried again. */
const defaultPatienceMs = 5_000;
const firstDelayMs = 5;

/** Connects at the first read. */
export function openRowReader(url: string, { patienceMs = defaultPatienceMs } = {}): RowReader {
  let connection: Promise<Client> | null = null;
  const tables = new Map<string, CapturedTable>();

  /** As the catalogue has it, also of a column that came after the table was looked at. */
  async function tableFor(client: Client, wanted: WantedColumns): Promise<CapturedTable> {
    const known = tables.get(wanted.table);
    if (known && missingFrom(known, wanted) === undefined) return known;
    const [table] = await readCatalogue(client, [wanted.table], true);
    if (!table) throw gone(wanted, 'table');
    const missing = missingFrom(table, wanted);
    if (missing !== undefined) throw gone(wanted, missing);
    tables.set(wanted.table, table);
    return table;
  }

  async function read(wanted: WantedColumns, signal: AbortSignal): Promise<Row | null> {
    connection ??= connect(url);
    const client = await connection;
    const table = await tableFor(client, wanted);
    const began = performance.now();
    for (let delayMs = firstDelayMs; ; delayMs *= 2) {
      signal.throwIfAborted();
      const found = await look(client, table, wanted);
      if (found.visible) return found.row;
      if (performance.now() - began > patienceMs) throw invisible(wanted);
      await setTimeout(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  return {
    async read(wanted, signal) {
      try {
        return await read(wanted, signal);
      } catch (error) {
        signal.throwIfAborted();
        await close();
        throw translateSourceError(error);
      }
    },
    close,
  };

  async function close(): Promise<void> {
    const client = await connection?.catch(() => null);
    connection = null;
    tables.clear();
    if (client) await disconnect(client);
  }
}

function missingFrom({ columns }: CapturedTable, wanted: WantedColumns): string | undefined {
  return wanted.columns.find((name) => !columns.some((column) => column.name === name));
}

/**
 * The row and the snapshot it was read with, in one statement. A commit can be decoded, captured and mapped before it is
 * visible: read too early, the old value would be taken for the new one, and no later record would mend it.
 */
async function look(client: Client, table: CapturedTable, wanted: WantedColumns) {
  const { rows } = await client.query<(string | null)[]>({ ...statement(table, wanted), rowMode: 'array' });
  const [snapshot = '', now = '0', present, ...cells] = rows[0] ?? [];
  const { xid, committedAt } = wanted.transaction;
  const visible = xid === null || sees(parseSnapshot(snapshot ?? ''), { xid, ageMs: Number(now) - committedAt });
  return { visible, row: visible && present === 't' ? parse(table, wanted, cells) : null };
}

/** Each column twice: its value if it can be held, and its size. `format` writes what the column's output function does. */
function statement(table: CapturedTable, { key, columns }: WantedColumns): { text: string; values: (string | null)[] } {
  const types = new Map(table.columns.map(({ name, type }) => [name, type]));
  const cells = columns.flatMap((column, at) => {
    const name = quoteName(column);
    const size = `octet_length(format('%s', ${name}))`;
    return [`case when ${size} <= ${largestBytes} then ${name} end as value${at}`, `${size} as size${at}`];
  });
  const keys = Object.keys(key);
  const where = keys.map((column, at) => {
    const operators = quoteName(table.keyOperators[table.key.indexOf(column)] ?? 'pg_catalog');
    return `${quoteName(column)} operator(${operators}.=) $${at + 1}::${types.get(column) ?? 'text'}`;
  });
  const from = `${table.partitioned ? '' : 'only '}${quoteTable(parseTableName(table.name))}`;
  return {
    text: `select pg_current_snapshot()::text, (extract(epoch from clock_timestamp()) * 1000)::int8, r.*
             from (select 1) one
             left join (select true as present, ${cells.join(', ')} from ${from} where ${where.join(' and ')}) r on true`,
    values: keys.map((column) => parameterOf(key[column] ?? null)),
  };
}

function parse(table: CapturedTable, wanted: WantedColumns, cells: readonly (string | null)[]): Row {
  const row: Record<string, Value> = {};
  for (const [at, name] of wanted.columns.entries()) {
    const column = table.columns.find((each) => each.name === name);
    const text = cells[2 * at] ?? null;
    const size = Number(cells[2 * at + 1] ?? 0);
    if (!column) continue; // refused before it was asked for
    if (size > largestBytes) throw tooLarge(wanted, name, size);
    row[name] = text === null ? null : parserOf(column)(text);
  }
  return row;
}

function invisible({ table, key }: WantedColumns): Unavailable {
  return new Unavailable(
    `A row of ${table} (${describeKey(key)}) has columns to be read at the source, and its commit is not visible there ` +
      'yet: it may wait for a synchronous standby. It is tried again.',
  );
}

function gone({ table }: WantedColumns, column: string): Blocked {
  return new Blocked(
    'schema-changed',
    `A record of ${table} refers to ${column}, which the source does not have any more. Rebuild the store from a log of ` +
      'its own (another log.prefix), with a larger log.maxMessageBytes.',
  );
}

function tooLarge({ table, key }: WantedColumns, column: string, bytes: number): Blocked {
  return new Blocked(
    'oversized',
    `Column ${column} of a row of ${table} with ${describeKey(key)} has ${bytes} bytes at the source, and a worker holds ` +
      `${largestBytes}. Make it smaller there and retry, or rebuild the store with a definition that leaves the column out.`,
  );
}
