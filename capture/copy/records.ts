import type { Change, Row } from '../../model/change';
import { beforeRows, betweenRows, encodeChange, end, frameOf, type EnvelopeContext } from '../../stream/envelope';
import { writeBytes } from '../../stream/json-bytes';
import type { EncodedRecord } from '../../stream/log';
import { roomBetween, WrittenRecord } from '../../stream/written-record';
import { schemaId } from '../relations';
import { createSlabs } from '../slabs';
import { createKeyOf } from '../values';
import { CopiedRow, stateOf } from './copied-row';
import type { ReadyChunk } from './copier';

/** Characters of a row that is written in place; a larger one is a small part of its own bytes, and may be too large. */
const mostCharacters = 64 * 1024;
/** Bytes that a character takes at most. */
const mostBytes = 3;

/**
 * A chunk's rows as they stand on the log: reads, at the closed point where the chunk is appended. Everything around the rows is
 * the same for all of them and is made once; byte for byte this is what `encodeChange` makes of each. Of a key that was asked
 * for and has no row, a delete, as of a TRUNCATE: only its key is known.
 */
export function recordsOf(chunk: ReadyChunk, lsn: string, context: EnvelopeContext): EncodedRecord[] {
  const { table, rows, missing, readAt } = chunk;
  const common = {
    ...{ table: table.name, operation: 'read' as const, before: null, schemaId: schemaId(table) },
    ...{ position: { lsn, index: 0 }, transaction: { xid: null, committedAt: readAt } },
  } satisfies Partial<Change>;
  const { topic, behindRows } = frameOf(common, context);
  const before = Buffer.from(`${beforeRows('read')}null${betweenRows}`);
  const behind = Buffer.from(`${behindRows}0${end}`);
  const limit = context.limit?.bytes ?? Infinity;
  const keyOf = createKeyOf(table);
  const slabs = createSlabs();

  /** What was written from `key` on; null when it is larger than a record may be. */
  function recordOf(memory: Buffer, key: number, keyEnd: number, rowEnd: number): EncodedRecord | null {
    const end = writeBytes(memory, rowEnd, behind);
    if (end - key - roomBetween > limit) return null;
    slabs.at = end;
    return WrittenRecord.of(topic, context.partitions, { memory, key, keyEnd, end });
  }

  function writeCopied(row: CopiedRow): EncodedRecord | null {
    const { writer } = row;
    const cells = row.cells();
    if (!writer.hasKey(cells)) return null; // no key of a table may be NULL: encodeChange is to say what it makes of it
    const slab = slabs.withRoom(writer.most(row.length) + before.length + roomBetween + behind.length);
    const start = slabs.at;
    const keyEnd = writer.writeKey(slab, start, cells);
    const at = writeBytes(slab, keyEnd + roomBetween, before);
    return recordOf(slab, start, keyEnd, writer.writeRow(slab, at, cells));
  }

  function writeDecoded(key: Row, row: Row): EncodedRecord | null {
    const [keyText, rowText] = [JSON.stringify(key), JSON.stringify(row)];
    if (rowText.length > mostCharacters) return null;
    const room = before.length + roomBetween + behind.length;
    const slab = slabs.withRoom(mostBytes * (keyText.length + rowText.length) + room);
    const start = slabs.at;
    const keyEnd = start + slab.write(keyText, start);
    const at = writeBytes(slab, keyEnd + roomBetween, before);
    return recordOf(slab, start, keyEnd, at + slab.write(rowText, at));
  }

  const records: EncodedRecord[] = [];
  for (const row of rows) {
    const copied = row instanceof CopiedRow ? writeCopied(row) : null;
    if (copied) {
      records.push(copied);
      continue;
    }
    const after = stateOf(row);
    const key = keyOf(after);
    const record = writeDecoded(key, after);
    if (record) records.push(record);
    else records.push(...encodeChange({ ...common, key, after }, context));
  }
  for (const key of missing) {
    records.push(...encodeChange({ ...common, operation: 'delete', key, before: key, after: null }, context));
  }
  return records;
}
