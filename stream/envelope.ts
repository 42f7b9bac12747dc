import { formatTableName, parseTableName, type Change, type Operation, type Row } from '../model/change';
import type { PoisonRecord } from '../model/errors';
import { tableTopic } from '../model/names';
import { poisonRecord } from '../model/poison';
import type { Position } from '../model/position';
import type { EncodedRecord, FetchedRecord } from './log';
import { absentBytes, lighten, reduced, type RecordLimit } from './oversized';
import { partitionOf } from './partition';

/** What every envelope of one log has in common. Pass the same object again and again: fragments are kept by it. */
export interface EnvelopeContext {
  readonly prefix: string;
  /** The source database's name. */
  readonly database: string;
  /** Partitions per table topic. */
  readonly partitions: number;
  /** Without it, records of any size are made. */
  readonly limit?: RecordLimit;
}

/** Header of a record with absent columns: how many bytes they have, for those who count memory. */
export const absentHeader = 'absentBytes';

/** Of records that name the version of their table. Those before it (`'1'`) are read like them, without one. */
const format = '2';

const letters: Readonly<Record<Operation, string>> = { create: 'c', update: 'u', delete: 'd', read: 'r' };
const operations: Readonly<Record<string, Operation>> = { c: 'create', u: 'update', d: 'delete', r: 'read' };

/**
 * A change as it stands on the log: an envelope that Debezium's consumers can read, plus our own `position`. A delete
 * gives two records, the envelope and the tombstone that lets compaction forget the key.
 */
export function encodeChange(change: Change, context: EnvelopeContext): EncodedRecord[] {
  const lightened = context.limit ? lighten(change, context.limit) : change;
  if (lightened !== change) return encodeChange(lightened, context);
  const { topic, behindRows } = frameOf(change, context);
  const key = Buffer.from(JSON.stringify(change.key));
  const absent = change.absent === undefined ? '' : `,"absent":${JSON.stringify(change.absent)}`;
  const texts = [
    ...[beforeRows(change.operation), JSON.stringify(change.before), betweenRows, JSON.stringify(change.after), absent],
    ...[behindRows, String(change.position.index), end],
  ];
  const valueBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const bytes = key.length + valueBytes;
  if (context.limit && bytes > context.limit.bytes) return encodeReduced(change, bytes, context, context.limit);
  const value = joined(texts, valueBytes);
  const partition = partitionOf(key, context.partitions);
  const record = { topic, partition, key, value };
  return change.operation === 'delete' ? [record, { topic, partition, key, value: null }] : [record];
}

/** Invariant 10: each is written where it belongs. Joined first, a large row would be in memory once more, as one text. */
function joined(texts: readonly string[], bytes: number): Buffer {
  const into = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const text of texts) at += into.write(text, at);
  return into;
}

/** Once per part that is taken away; ends, since the second time there is nothing left to take. */
function encodeReduced(change: Change, bytes: number, context: EnvelopeContext, limit: RecordLimit): EncodedRecord[] {
  const smaller = reduced(change, bytes, limit);
  const records = encodeChange(smaller, context);
  if (smaller.absent === undefined || change.after === null) return records;
  const headers = { [absentHeader]: Buffer.from(String(absentBytes(change.after, smaller.absent))) };
  return records.map((record) => ({ ...record, headers }));
}

/** The envelope in its order, for those who have their rows as bytes: its rows stand between these, and its index. */
export const beforeRows = (operation: Operation) => `{"op":"${letters[operation]}","before":`;
export const betweenRows = ',"after":';
export const end = '}}';

/** What all changes of one table in one transaction have in common. */
export type Framed = Pick<Change, 'table' | 'schemaId' | 'transaction' | 'operation'> & {
  readonly position: Pick<Position, 'lsn'>;
};

/** Their topic, and what stands between the row after and the index. */
export function frameOf(
  change: Framed,
  context: EnvelopeContext,
): { readonly topic: string; readonly behindRows: string } {
  const { topic, source } = fragmentsOf(change, context);
  const { lsn } = change.position;
  const { xid, committedAt } = change.transaction;
  const snapshot = change.operation === 'read';
  // By hand, because JSON.stringify of the whole would walk the rows as nested objects and needs `lsn` as a number:
  // Debezium has it as a JSON number, and above 2^53 only its digits are right. Ours is the text in `position`.
  const behindRows =
    `,"source":{${source},"snapshot":"${snapshot}","sequence":"[null,\\"${lsn}\\"]","txId":${xid},"lsn":${lsn},"ts_ms":${committedAt}},` +
    `"ts_ms":${committedAt},"position":{"lsn":"${lsn}","index":`;
  return { topic, behindRows };
}

interface Fragments {
  readonly topic: string;
  /** The members of `source` that never change for a table, without braces. */
  readonly source: string;
}

const cached = new WeakMap<EnvelopeContext, Map<string, Fragments>>();

function fragmentsOf({ table, schemaId }: Framed, context: EnvelopeContext): Fragments {
  let versions = cached.get(context);
  if (!versions) cached.set(context, (versions = new Map<string, Fragments>()));
  const version = schemaId === null ? table : `${schemaId} ${table}`;
  let fragments = versions.get(version);
  if (!fragments) {
    const name = parseTableName(table);
    const source = JSON.stringify({
      version: schemaId === null ? '1' : format,
      connector: 'postgresql',
      name: context.prefix,
      db: context.database,
      schema: name.schema,
      table: name.table,
      ...(schemaId === null ? {} : { schemaId }),
    });
    versions.set(version, (fragments = { topic: tableTopic(context.prefix, table), source: source.slice(1, -1) }));
  }
  return fragments;
}

interface Envelope {
  readonly op: string;
  readonly before: Row | null;
  readonly after: Row | null;
  readonly absent?: readonly string[];
  readonly source: {
    readonly schema: string;
    readonly table: string;
    readonly schemaId?: string;
    readonly txId: number | null;
    readonly ts_ms: number;
  };
  readonly position: { readonly lsn: string; readonly index: number };
}

/** The inverse, checked as a whole; null for a tombstone, whose delete came just before it. `Blocked` undecodable, never with the values. */
export function decodeChange(record: FetchedRecord): Change | null {
  if (record.value === null) return null;
  const envelope = parse(record, record.value) as Envelope | null;
  const key = record.key === null ? null : (parse(record, record.key) as Row | null);
  const operation = operations[envelope?.op ?? ''];
  if (operation === undefined || !envelope || !isObject(key)) throw undecodable(record, 'is not an envelope of ours');
  const { before, after, absent, source, position } = envelope;
  const complete =
    isRowOrNull(before) && isRowOrNull(after) && (operation === 'delete' ? isObject(before) : isObject(after));
  if (!complete || !isSource(source) || !isPosition(position) || !isListOrMissing(absent)) {
    throw undecodable(record, 'lacks a part of the envelope');
  }
  return {
    table: nameOf(source),
    operation,
    key,
    before,
    after,
    ...(absent === undefined ? {} : { absent }),
    position: { lsn: position.lsn, index: position.index },
    schemaId: source.schemaId ?? null,
    transaction: { xid: source.txId, committedAt: source.ts_ms },
  };
}

function parse(record: FetchedRecord, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // The parser's own message quotes the text around the fault: a row's values do not belong in errors.
    throw undecodable(record, 'is not JSON');
  }
}

let lastName = { schema: '', table: '', text: '' };

/** Records come in runs of one table; quoting a name is a regular expression or two. */
function nameOf({ schema, table }: Envelope['source']): string {
  if (lastName.table !== table || lastName.schema !== schema) {
    lastName = { schema, table, text: formatTableName({ schema, table }) };
  }
  return lastName.text;
}

function isObject(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRowOrNull(value: unknown): value is Row | null {
  return value === null || isObject(value);
}

function isListOrMissing(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every((column) => typeof column === 'string'));
}

function isSource(source: Envelope['source'] | undefined): boolean {
  return (
    typeof source?.schema === 'string' &&
    typeof source.table === 'string' &&
    ['string', 'undefined'].includes(typeof source.schemaId) &&
    typeof source.ts_ms === 'number' &&
    (source.txId === null || typeof source.txId === 'number')
  );
}

function isPosition(position: Envelope['position'] | undefined): boolean {
  return typeof position?.lsn === 'string' && /^\d+$/.test(position.lsn) && Number.isInteger(position.index);
}

function undecodable({ topic, partition, offset, key }: FetchedRecord, what: string): PoisonRecord {
  const place = { table: `${topic}, partition ${partition},`, key: parseKey(key), offset };
  return poisonRecord('undecodable', place, `it ${what}`);
}

/** As far as a damaged record's key can be trusted: to say which row it may have been. */
function parseKey(key: Buffer | null): Row | null {
  try {
    const parsed = JSON.parse(key?.toString('utf8') ?? '') as unknown;
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}
