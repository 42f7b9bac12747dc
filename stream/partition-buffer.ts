import type { FetchedRecord } from './log';

/** What a record costs in memory besides its bytes: the objects around them. */
const recordOverhead = 512;

/** The records of one partition that were fetched and not yet handed out, in offset order. Offsets may have holes. */
export class PartitionBuffer {
  /** Everything the consumer has passed: no committed record below this offset is still to come. */
  passed: number;
  private records: FetchedRecord[] = [];
  private offsets: number[] = [];
  /** Bytes of all records ever added, up to and including each one held; and of all that were taken. */
  private sums: number[] = [];
  private added = 0;
  private taken = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
    /** The first offset that was not handed out. */
    public next: number,
    private readonly limitBytes: number,
  ) {
    this.passed = next;
  }

  /** A record below what was passed has been here before: it comes again after a rejoin of the group. */
  add(record: FetchedRecord, offset: number): void {
    if (offset < this.passed) return;
    this.records.push(record);
    this.offsets.push(offset);
    this.added += size(record);
    this.sums.push(this.added);
    this.passed = offset + 1;
  }

  /** Of what is held. */
  get bytes(): number {
    return this.added - this.taken;
  }

  /** At least what was asked for is held: fetch no more until some of it is handed out. */
  get full(): boolean {
    return this.bytes >= this.limitBytes;
  }

  /** Worth fetching again. Far enough below `full` that pausing and resuming do not alternate with every record. */
  get roomy(): boolean {
    return this.bytes * 2 <= this.limitBytes;
  }

  get length(): number {
    return this.records.length;
  }

  countBelow(end: number): number {
    let low = 0;
    let high = this.offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.offsets[middle] ?? 0) < end) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Bytes of the first `count` records. */
  bytesOf(count: number): number {
    return count === 0 ? 0 : (this.sums[Math.min(count, this.sums.length) - 1] ?? this.added) - this.taken;
  }

  /** How many of the first `count` records fit into `bytes`. */
  countWithin(count: number, bytes: number): number {
    let fitting = 0;
    while (fitting < count && this.bytesOf(fitting + 1) <= bytes) fitting += 1;
    return fitting;
  }

  /** The first `count` records, all of them below `end`; `next` moves as far as that proves. */
  take(count: number, end: number): readonly FetchedRecord[] {
    const taken = this.records.splice(0, count);
    const offsets = this.offsets.splice(0, count);
    this.taken = this.sums.splice(0, count).at(-1) ?? this.taken;
    // Up to the next record held, or to where the consumer has come, offsets are markers or were compacted away.
    const proven = Math.min(end, this.offsets[0] ?? this.passed);
    this.next = Math.max(this.next, (offsets[offsets.length - 1] ?? -1) + 1, proven);
    return taken;
  }
}

function size({ key, value, absentBytes = 0 }: FetchedRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + absentBytes + recordOverhead;
}
