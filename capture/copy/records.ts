import type { Change, Row } from '../../model/change';
import { beforeRows, betweenRows, encodeChange, end, frameOf, type EnvelopeContext } from '../../stream/envelope';
import { writeBytes } from '../../stream/json-bytes';
import type { EncodedRecord } from '../../stream/log';
import { partitionOf } from '../../stream/partition';
import { createSendWriter } from '../../stream/send-writer';
import type { RecordSupply, Send } from '../../stream/supply';
import { constantOf, targetOf, writeConstant } from '../../stream/words';
import type { BatchForm } from '../../stream/written-batch';
import { schemaId } from '../relations';
import { createKeyOf } from '../values';
import { CopiedRow, stateOf } from './copied-row';
import type { ReadyChunk } from './copier';

/** Rows that are written between two looks at the sockets: about a millisecond. */
const rowsAtOnce = 256;
/** About what stands around a row's values in a record, names of columns included. */
const usualFrame = 450;

/**
 * A chunk's rows as they stand on the log: reads, at the closed point where the chunk is appended. Everything around the rows is
 * the same for all of them and is made once; byte for byte this is what `encodeChange` makes of each. Of a key that was asked
 * for and has no row, a delete, as of a TRUNCATE: only its key is known.
 *
 * Its first send is written once it is told to begin, and each next one while the brokers work on the one before: a few rows at a time, so that
 * no answer of theirs waits for more than those.
 */
export function createChunkSupply(
  chunk: ReadyChunk,
  lsn: string,
  { context, form }: { readonly context: EnvelopeContext; readonly form: BatchForm },
): RecordSupply {
  const { rows, missing, bytes } = chunk;
  const writer = createChunkWriter(chunk, lsn, { context, form });
  let ready: Send | null = null;
  let failure: { readonly error: unknown } | null = null;

  function ahead(): void {
    if (ready !== null || failure !== null) return;
    try {
      ready = writer.write(rowsAtOnce);
    } catch (error) {
      failure = { error }; // told to whoever asks for it
    }
    if (ready === null) setImmediate(ahead);
  }

  return {
    length: rows.length + 2 * missing.length,
    bytes,
    begin: () => void setImmediate(ahead),
    next() {
      if (failure) throw failure.error;
      const send = ready ?? writer.write(Infinity);
      if (send === null) throw new Error('A chunk of the copy was asked for more records than it has.');
      ready = null;
      if (!send.last) setImmediate(ahead);
      return send;
    },
  };
}

interface ChunkWriter {
  /** So many rows more; the send that they fill, or end, if they do. */
  write(rows: number): Send | null;
}

function createChunkWriter(
  { table, rows, missing, readAt, bytes }: ReadyChunk,
  lsn: string,
  { context, form }: { readonly context: EnvelopeContext; readonly form: BatchForm },
): ChunkWriter {
  const common = {
    ...{ table: table.name, operation: 'read' as const, before: null, schemaId: schemaId(table) },
    ...{ position: { lsn, index: 0 }, transaction: { xid: null, committedAt: readAt } },
  } satisfies Partial<Change>;
  const { topic, behindRows } = frameOf(common, context);
  const before = constantOf(`${beforeRows('read')}null${betweenRows}`);
  const behind = Buffer.from(`${behindRows}0${end}`);
  const limit = context.limit?.bytes ?? Infinity;
  const keyOf = createKeyOf(table);
  const partitionBytes = (bytes + (rows.length + missing.length) * usualFrame) / context.partitions;
  const sends = createSendWriter({ topic, form, partitionBytes });
  let key = targetOf(1024);
  let at = 0;

  /** False: it does not fit into this send. Null: too large for a record, or without a key: encodeChange is to say what becomes of it. */
  function writeCopied(row: CopiedRow): boolean | null {
    const { writer } = row;
    const cells = row.cells();
    if (!writer.hasKey(cells)) return null;
    const most = writer.most(row.length);
    if (key.memory.length < most) key = targetOf(most);
    const keyBytes = writer.writeKey(key, 0, cells);
    const batch = sends.batchOf(partitionOf(key.memory, context.partitions, 0, keyBytes));
    if (batch === null) return false;
    const valueAt = batch.open(keyBytes, most + before.length + behind.length);
    const rowEnd = writer.writeRow(batch, writeConstant(batch.view, valueAt, before), cells);
    const valueEnd = writeBytes(batch.memory, rowEnd, behind);
    if (keyBytes + valueEnd - valueAt > limit) return null;
    return sends.close(batch, key.memory, { keyBytes, valueEnd });
  }

  function encode(place: number): EncodedRecord[] {
    const row = rows[place];
    if (row !== undefined) {
      const after = stateOf(row);
      return encodeChange({ ...common, key: keyOf(after), after }, context);
    }
    const gone = missing[place - rows.length] as Row;
    return encodeChange({ ...common, operation: 'delete', key: gone, before: gone, after: null }, context);
  }

  return {
    write(wanted) {
      const total = rows.length + missing.length;
      for (let left = wanted; left > 0 && at < total; left -= 1) {
        const row = rows[at];
        const copied = row instanceof CopiedRow ? writeCopied(row) : null;
        const fits = copied ?? sends.add(encode(at));
        if (!fits) return sends.end(false);
        at += 1;
      }
      return at < total ? null : sends.end(true);
    },
  };
}
