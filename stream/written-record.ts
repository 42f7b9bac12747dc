import type { EncodedRecord } from './log';
import { partitionOf } from './partition';
import { mostVarintBytes, sizeOfVarint, writeVarint } from './varint';

/** What has to be left free between a key and its value: their two lengths. */
export const roomBetween = 2 * mostVarintBytes;

/**
 * A record in memory that it shares with others, as it will stand in a batch: the key's length, the key, the value's length,
 * the value. The producer copies that in one go. Two views for each record were among the first things that the garbage
 * collector of capture was busy with, so they are made when somebody asks for key or value, which nobody does on its way to the log.
 */
export class WrittenRecord implements EncodedRecord {
  private constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly memory: Buffer,
    private readonly from: number,
    private readonly to: number,
    private readonly keyBytes: number,
    private readonly valueBytes: number,
  ) {}

  /**
   * Of a key and a value that were written one behind the other, `roomBetween` bytes apart: the key is moved up to its value, and
   * the lengths are written. The memory is not to be written again.
   */
  static of(
    topic: string,
    partitions: number,
    { memory, key, keyEnd, end }: { memory: Buffer; key: number; keyEnd: number; end: number },
  ): WrittenRecord {
    const value = keyEnd + roomBetween;
    const [keyBytes, valueBytes] = [keyEnd - key, end - value];
    const partition = partitionOf(memory, partitions, key, keyEnd);
    const moved = value - sizeOfVarint(valueBytes) - keyBytes;
    memory.copyWithin(moved, key, keyEnd);
    writeVarint(memory, moved + keyBytes, valueBytes);
    const from = moved - sizeOfVarint(keyBytes);
    writeVarint(memory, from, keyBytes);
    return new WrittenRecord(topic, partition, memory, from, end, keyBytes, valueBytes);
  }

  get key(): Buffer {
    const from = this.from + sizeOfVarint(this.keyBytes);
    return this.memory.subarray(from, from + this.keyBytes);
  }

  get value(): Buffer {
    return this.memory.subarray(this.to - this.valueBytes, this.to);
  }

  /** Of key and value. */
  get contentBytes(): number {
    return this.keyBytes + this.valueBytes;
  }

  /** Of key, value and both lengths. */
  get framedBytes(): number {
    return this.to - this.from;
  }

  /** Copies key and value, each behind its length, and returns the place behind them. */
  copyTo(into: Buffer, start: number): number {
    into.set(this.memory.subarray(this.from, this.to), start);
    return start + this.framedBytes;
  }
}

/** Bytes of a record's key and value. */
export function contentBytesOf(record: EncodedRecord): number {
  return record instanceof WrittenRecord ? record.contentBytes : record.key.length + (record.value?.length ?? 0);
}
