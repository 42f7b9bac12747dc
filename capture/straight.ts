import type { Operation } from '../model/change';
import type { TableSchema } from '../model/schema';
import { beforeRows, betweenRows, end, frameOf, type EnvelopeContext, type Framed } from '../stream/envelope';
import { writeBytes, writeCount } from '../stream/json-bytes';
import type { EncodedRecord } from '../stream/log';
import { constantOf, writeConstant, type Constant } from '../stream/words';
import { roomBetween, WrittenRecord } from '../stream/written-record';
import type { Relation } from './pgoutput';
import { schemaId } from './relations';
import { RowBytes } from './row-bytes';
import { createSlabs } from './slabs';
import { createCells, fillUnchanged, findCells, isWhole, sameText, type Cells } from './wire-tuple';

/** A transaction as far as its changes tell of it. The same object for all of them: what they share is kept by it. */
export type Streamed = Pick<Framed['position'], 'lsn'> & Framed['transaction'];

/**
 * Rows that go straight from the wire to the log. Decoding a row into texts, a row of texts into an object and that into JSON
 * is most of what capture does, and for most rows nobody looks at what lies between (docs/performance.md). What is made here
 * is byte for byte what decoding and encoding make, and whatever is out of the ordinary is left to these.
 */
export interface Straight {
  /** What follows for this table comes in this layout. */
  describe(relation: Relation, table: TableSchema): void;
  /**
   * The records of one insert, update or delete, a view on `payload` until this returns; null when it must be decoded: another
   * kind of message, a table that is not captured, a key that changes, values that are missing, a row that is large.
   */
  encode(payload: Buffer, transaction: Streamed, index: number): EncodedRecord[] | null;
}

/** Beyond it the bytes of single values are what costs, and these are copied faster by what decodes them. */
const largestPayload = 16 * 1024;

interface Layout {
  readonly rows: RowBytes;
  readonly name: string;
  readonly schemaId: string;
  readonly before: Cells;
  readonly after: Cells;
  /** Of the transaction whose changes came last. */
  transaction: Streamed | null;
  topic: string;
  behindRows: Buffer;
}

const none = constantOf('null');
const between = constantOf(betweenRows);
const behind = constantOf(end);
const opening = {
  create: constantOf(beforeRows('create')),
  update: constantOf(beforeRows('update')),
  delete: constantOf(beforeRows('delete')),
} satisfies Partial<Record<Operation, Constant>>;

const noBytes = Buffer.alloc(0);

export function createStraight(context: EnvelopeContext): Straight {
  const layouts = new Map<number, Layout>();
  const slabs = createSlabs();

  function describe(relation: Relation, table: TableSchema): void {
    const names = relation.columns.map(({ name }) => name);
    const rows = RowBytes.of(names, table);
    layouts.delete(relation.relationId);
    if (!rows) return;
    const [before, after] = [createCells(rows.width), createCells(rows.width)];
    const kept = { transaction: null, topic: '', behindRows: noBytes };
    layouts.set(relation.relationId, {
      ...{ rows, name: table.name, schemaId: schemaId(table), before, after },
      ...kept,
    });
  }

  function encode(payload: Buffer, transaction: Streamed, index: number): EncodedRecord[] | null {
    if (payload.length < 8 || payload.length > largestPayload) return null;
    const layout = layouts.get(payload.readUInt32BE(1));
    if (!layout) return null;
    const operation = findRows(payload, layout);
    if (operation === null) return null;
    if (layout.transaction !== transaction) enter(layout, transaction);
    return write(layout, { operation, index, size: payload.length });
  }

  function enter(layout: Layout, transaction: Streamed): void {
    const { lsn, xid, committedAt } = transaction;
    const { name: table, schemaId: id } = layout;
    const about: Framed = {
      ...{ table, schemaId: id, operation: 'update' as const },
      ...{ position: { lsn }, transaction: { xid, committedAt } },
    };
    const { topic, behindRows } = frameOf(about, context);
    layout.transaction = transaction;
    layout.topic = topic;
    layout.behindRows = Buffer.from(behindRows);
  }

  function write(
    { rows, before, after, topic, behindRows }: Layout,
    { operation, index, size }: { operation: keyof typeof opening; index: number; size: number },
  ): EncodedRecord[] | null {
    const slab = slabs.withRoom(rows.most(size) + behindRows.length + roomBetween + 128);
    const start = slabs.at;
    const keyEnd = rows.writeKey(slab, start, operation === 'delete' ? before : after);
    const { memory, view } = slab;
    let at = writeConstant(view, keyEnd + roomBetween, opening[operation]);
    at = before.bytes.length > 0 ? rows.writeRow(slab, at, before) : writeConstant(view, at, none);
    at = writeConstant(view, at, between);
    at = operation === 'delete' ? writeConstant(view, at, none) : rows.writeRow(slab, at, after);
    at = writeBytes(memory, at, behindRows);
    at = writeCount(memory, at, index);
    at = writeConstant(view, at, behind);
    if (context.limit && at - start - roomBetween > context.limit.bytes) return null;
    slabs.at = at;
    const record = WrittenRecord.of(topic, context.partitions, { memory, key: start, keyEnd, end: at });
    if (operation !== 'delete') return [record];
    return [record, { topic, partition: record.partition, key: record.key, value: null }];
  }

  return { describe, encode };
}

/** Which operation it is, its cells found; null for what is not ordinary. `before` without bytes: there is no row before. */
function findRows(payload: Buffer, { rows, before, after }: Layout): keyof typeof opening | null {
  const marker = payload[5];
  before.bytes = noBytes;
  if (payload[0] === 0x49 && marker === 0x4e) {
    return findCells(payload, 6, after) >= 0 && isWhole(after) && rows.hasKey(after) ? 'create' : null;
  }
  if (payload[0] === 0x44 && marker === 0x4f) {
    return findCells(payload, 6, before) >= 0 && isWhole(before) && rows.hasKey(before) ? 'delete' : null;
  }
  if (payload[0] !== 0x55) return null;
  if (marker === 0x4e) {
    return findCells(payload, 6, after) >= 0 && isWhole(after) && rows.hasKey(after) ? 'update' : null;
  }
  if (marker !== 0x4f) return null; // K: a key that has changed
  const next = findCells(payload, 6, before);
  if (next < 0 || payload[next] !== 0x4e || findCells(payload, next + 1, after) < 0) return null;
  if (!isWhole(before) || !fillUnchanged(after, before)) return null;
  return rows.sameKey((column) => sameText(before, after, column)) ? 'update' : null;
}
