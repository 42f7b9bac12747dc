import type { EncodedRecord } from './log';
import type { WrittenBatch } from './written-batch';

/** What one request carries to one partition. */
export type PartitionContent = WrittenBatch | readonly EncodedRecord[];

/** Topic → partition → what goes there in one request. */
export type Places = ReadonlyMap<string, ReadonlyMap<number, PartitionContent>>;

export interface Send {
  readonly places: Places;
  /** Nothing comes behind it. */
  readonly last: boolean;
}

/**
 * Records that are written when their turn has come, or a little before: those of the next request while the brokers work on this
 * one. To be read once.
 */
export interface RecordSupply {
  /** Records in all. */
  readonly length: number;
  /** About what it holds in memory before they are written. */
  readonly bytes: number;
  /** The next request's, the last one behind all others. Throws what an encoder of records throws. */
  next(): Send;
}

/** What one append carries. */
export type Records = readonly EncodedRecord[] | RecordSupply;

export function isSupply(records: Records): records is RecordSupply {
  return 'next' in records;
}

/** One by one, in the order of each partition. */
export function listed(records: Records): readonly EncodedRecord[] {
  if (!isSupply(records)) return records;
  const list: EncodedRecord[] = [];
  for (;;) {
    const { places, last } = records.next();
    for (const [topic, partitions] of places) {
      for (const [partition, content] of partitions) {
        for (const { key, value, headers } of content) {
          list.push({ topic, partition, key, value, ...(headers === undefined ? {} : { headers }) });
        }
      }
    }
    if (last) return list;
  }
}
