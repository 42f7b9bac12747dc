import type { Message } from 'kafkajs';
import { WrittenBatch } from '../written-batch';
import { sizeOfRecords, writeRecords, type HeaderEncoder, type Payload } from './records';

/** The records of one send for one partition, in order. kafkajs asks it for its length, our encoder for the rest. */
export class PartitionRecords {
  constructor(
    readonly records: readonly Payload[],
    readonly encodeHeaders: HeaderEncoder,
  ) {}

  get length(): number {
    return this.records.length;
  }

  get bytes(): number {
    return sizeOfRecords(this.records, this.encodeHeaders);
  }

  writeTo(into: Buffer, start: number): number {
    return writeRecords(into, start, this);
  }
}

/**
 * A topic's records for `sendBatch`, grouped by partition as they are. kafkajs looks at a list of messages in two places:
 * it asks whether one is without a value (`find`), and groups them one by one (`reduce`), at the price of a new array for
 * each. Both have their answer here. The start-up check (fast.ts) asks the same of the kafkajs that is installed.
 */
export function groupedMessages(
  partitions: ReadonlyMap<number, readonly Payload[] | WrittenBatch>,
  encodeHeaders: HeaderEncoder,
): Message[] {
  const groups = Object.fromEntries(
    [...partitions].map(([partition, records]) => [
      partition,
      records instanceof WrittenBatch ? records : new PartitionRecords(records, encodeHeaders),
    ]),
  );
  const list = { find: () => undefined, reduce: () => groups };
  return list as unknown as Message[];
}
