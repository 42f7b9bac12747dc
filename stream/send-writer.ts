import type { EncodedRecord } from './log';
import { maxSendBytes } from './sends';
import type { PartitionContent, Places, Send } from './supply';
import { BatchWriter, type BatchForm } from './written-batch';
import { contentBytesOf } from './written-record';

/** In the first memory of a batch: shares of partitions differ. */
const spare = 1.15;

/** Writes the records of one topic into sends, a batch for each partition, within the limits of `sends.ts`. */
export interface SendWriter {
  /** Null: this send is full. */
  batchOf(partition: number): BatchWriter | null;
  /** Ends the record that was opened in this batch, as its `close` does. */
  close(batch: BatchWriter, key: Buffer, of: { readonly keyBytes: number; readonly valueEnd: number }): boolean;
  /** Records of one key. False: this send is full, and none of them is in it. */
  add(records: readonly EncodedRecord[]): boolean;
  /** What was written since the last. */
  end(last: boolean): Send;
}

export function createSendWriter({
  topic,
  form,
  partitionBytes,
}: {
  readonly topic: string;
  readonly form: BatchForm;
  /** About what a partition will get in all. */
  readonly partitionBytes: number;
}): SendWriter {
  const room = Math.ceil(Math.min(partitionBytes * spare, form.mostBytes)) + 4096;
  /** Little would stand beside a larger record: it goes alone, as it is, and is not in memory once more (Invariant 10). */
  const largeBytes = form.mostBytes / 2;
  let batches: (BatchWriter | undefined)[] = [];
  let large: readonly EncodedRecord[] = [];
  let bytes = 0;

  const batchAt = (partition: number) => (batches[partition] ??= new BatchWriter(form, room));
  const isFull = () => large.length > 0 || bytes > maxSendBytes;

  return {
    batchOf: (partition) => (isFull() ? null : batchAt(partition)),
    close(batch, key, { keyBytes, valueEnd }) {
      const before = batch.bytes;
      const fits = batch.close(key, keyBytes, valueEnd);
      bytes += batch.bytes - before;
      return fits;
    },
    add(records) {
      if (isFull()) return false;
      const size = records.reduce((sum, record) => sum + contentBytesOf(record), 0);
      if (size > largeBytes) {
        if (bytes > 0) return false;
        large = records;
        return true;
      }
      const partition = records[0]?.partition;
      if (partition === undefined) return true;
      const fits = batchAt(partition).add(records);
      if (fits) bytes += size;
      return fits;
    },
    end(last) {
      const partitions = new Map<number, PartitionContent>();
      batches.forEach((batch, partition) => {
        if (batch && batch.length > 0) partitions.set(partition, batch.end());
      });
      if (large[0]) partitions.set(large[0].partition, large);
      batches = [];
      large = [];
      bytes = 0;
      const places: Places = partitions.size === 0 ? new Map() : new Map([[topic, partitions]]);
      return { places, last };
    },
  };
}
