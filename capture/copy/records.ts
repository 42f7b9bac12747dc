import type { Change, Row } from '../../model/change';
import { beforeRows, betweenRows, encodeChange, end, frameOf, type EnvelopeContext } from '../../stream/envelope';
import { writeBytes } from '../../stream/json-bytes';
import type { EncodedRecord } from '../../stream/log';
import { partitionOf } from '../../stream/partition';
import { schemaId } from '../relations';
import { createSlabs } from '../slabs';
import { createKeyOf } from '../values';
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

  function write(key: Row, row: Row): EncodedRecord | null {
    const [keyText, rowText] = [JSON.stringify(key), JSON.stringify(row)];
    if (rowText.length > mostCharacters) return null;
    const slab = slabs.withRoom(mostBytes * (keyText.length + rowText.length) + before.length + behind.length);
    const start = slabs.at;
    const keyEnd = start + slab.write(keyText, start);
    let at = writeBytes(slab, keyEnd, before);
    at += slab.write(rowText, at);
    at = writeBytes(slab, at, behind);
    if (at - start > limit) return null;
    slabs.at = at;
    const keyBytes = slab.subarray(start, keyEnd);
    const partition = partitionOf(keyBytes, context.partitions);
    return { topic, partition, key: keyBytes, value: slab.subarray(keyEnd, at) };
  }

  const records: EncodedRecord[] = [];
  for (const after of rows) {
    const key = keyOf(after);
    const record = write(key, after);
    if (record) records.push(record);
    else records.push(...encodeChange({ ...common, key, after }, context));
  }
  for (const key of missing) {
    records.push(...encodeChange({ ...common, operation: 'delete', key, before: key, after: null }, context));
  }
  return records;
}
