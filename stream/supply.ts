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
  /** Writes the next request's from now on, while nobody asks. */
  begin(): void;
  /** The next request's, the last one behind all others. Throws what an encoder of records throws. */
  next(): Send;
}

/** Several as one, one behind the other. */
export function joined(supplies: readonly RecordSupply[]): RecordSupply {
  const [first, ...others] = supplies;
  if (!first || others.length === 0) return first ?? emptySupply;
  let left = supplies;
  return {
    length: supplies.reduce((sum, { length }) => sum + length, 0),
    bytes: supplies.reduce((sum, { bytes }) => sum + bytes, 0),
    begin: () => left[0]?.begin(),
    next() {
      const send = (left[0] ?? emptySupply).next();
      if (!send.last || left.length <= 1) return send;
      left = left.slice(1);
      left[0]?.begin();
      return { ...send, last: false };
    },
  };
}

const emptySupply: RecordSupply = {
  length: 0,
  bytes: 0,
  begin: () => undefined,
  next: () => ({ places: new Map(), last: true }),
};

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
