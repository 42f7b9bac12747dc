import { positionsTopic } from '../model/names';
import type { Offsets } from '../model/offsets';
import { origin, type Position } from '../model/position';
import type { Ahead, FetchedRecord, LogBatch } from './log';
import { PartitionBuffer } from './partition-buffer';

/** A position record as a lane needs it: its ends only for the lane's partitions, in their order. */
export interface PositionEntry {
  readonly offset: number;
  readonly ends: readonly number[];
  readonly closed: boolean;
  readonly position: Position;
  /** When it was appended, milliseconds since the Unix epoch. */
  readonly at: number;
}

export interface CutOptions {
  readonly prefix: string;
  /** The lane's partitions, and the first offset wanted of each. */
  readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly next: number }[];
  /** The first position record wanted. 0: the lane begins with the log. */
  readonly positionsNext: number;
  readonly partitionBytes: number;
  readonly maxEntries: number;
}

export interface TakeOptions {
  readonly maxRecords: number;
  /** About so many bytes, but one record at least. Default: no bound. */
  readonly maxBytes?: number;
  /** Nothing at or beyond this offset of the positions topic. */
  readonly until: number | null;
  /** Entries older than this are in the part of the log that compaction may have changed. */
  readonly windowStart: number;
}

/**
 * Cuts the fetched log into pieces: known position records on one side, a buffer per partition on the other, no I/O.
 *
 * Why the two bounds cannot wait for each other. Entries are bounded by `maxEntries`, each buffer by its own bytes;
 * whoever is full is paused until it is roomy again. A buffer that is not roomy may be paused, so when its first record
 * lies below the bound (`boundOf`) it gives open pieces until it is (full is not enough: one piece can leave a paused
 * buffer neither full nor roomy, and everybody waiting). If its first record lies beyond the bound, it is complete for
 * that bound and hinders nobody: of the limit that all share, the one that is wanted next is free (`Appetite`). So every other partition goes on being fetched until the
 * bound's entry is complete and is handed out, which makes room among the entries. And when no entry is known, their
 * partition is not paused: one comes with the commit.
 */
export class Cut {
  readonly buffers: readonly PartitionBuffer[];
  positionsNext: number;
  private readonly positions: string;
  private readonly fromStart: boolean;
  private readonly maxEntries: number;
  /** Closed records, and after them at most one that is not: later ones replace it, as their ends include its own. */
  private entries: PositionEntry[] = [];
  private positionsPassed = 0;
  private positionsHigh = Infinity;
  private standing: Pick<PositionEntry, 'position' | 'at'> = { position: origin, at: 0 };

  constructor({ prefix, partitions, positionsNext, partitionBytes, maxEntries }: CutOptions) {
    this.buffers = partitions.map(
      ({ topic, partition, next }) => new PartitionBuffer(topic, partition, next, partitionBytes),
    );
    this.positions = positionsTopic(prefix);
    this.positionsNext = positionsNext;
    this.fromStart = positionsNext === 0;
    this.maxEntries = maxEntries;
  }

  /** The record the lane stood at when it began: it was handed out before. */
  standAt(entry: PositionEntry): void {
    this.standing = entry;
  }

  addEntry(entry: PositionEntry): void {
    const last = this.entries[this.entries.length - 1];
    // Keep the older time: it says since when something waits.
    if (last && !last.closed)
      this.entries[this.entries.length - 1] = { ...entry, at: entry.closed ? entry.at : last.at };
    else this.entries.push(entry);
  }

  passPositions(offset: number, high: number): void {
    this.positionsPassed = Math.max(this.positionsPassed, offset);
    this.positionsHigh = high;
  }

  /** Counts closed records only: one that is not closed makes no piece, so waiting for room behind it would not end. */
  get entriesFull(): boolean {
    const isLastOpen = this.entries[this.entries.length - 1]?.closed === false;
    return this.entries.length - (isLastOpen ? 1 : 0) >= this.maxEntries;
  }

  get heldBytes(): number {
    let bytes = 0;
    for (const buffer of this.buffers) bytes += buffer.bytes;
    return bytes;
  }

  /**
   * The partition that is to be fetched when one alone may be: the first that has room and lacks what comes before a known
   * record, the earliest of these first. None while a buffer without room has something to give, for it gives that at once.
   */
  lacking(): number | null {
    const [first] = this.entries;
    const giving = this.buffers.some((buffer, at) => !buffer.roomy && first && buffer.countBelow(end(first, at)) > 0);
    if (giving) return null;
    for (const entry of this.entries) {
      const at = this.buffers.findIndex((buffer, each) => buffer.roomy && buffer.passed < end(entry, each));
      if (at >= 0) return at;
    }
    return null;
  }

  /** The furthest closed record that fits, else a part of the next one when it must be; null: wait for more. */
  take(options: TakeOptions): LogBatch | null {
    return this.takeClosed(options) ?? this.takeOpen(options);
  }

  private takeClosed(options: TakeOptions): LogBatch | null {
    let best = -1;
    for (const [index, entry] of this.entries.entries()) {
      if (isBeyond(entry, options)) break;
      if (!this.mayEndAt(index, options)) continue;
      // Markers and compaction leave holes, so counting records proves nothing: the consumer must have passed the end.
      if (this.buffers.some((buffer, at) => buffer.passed < end(entry, at))) break;
      if (this.available(entry.ends) > options.maxRecords || this.bytesBelow(entry.ends) > maxBytesOf(options)) break;
      best = index;
    }
    const entry = this.entries[best];
    if (!entry) return null;
    this.entries.splice(0, best + 1);
    this.standing = entry;
    this.positionsNext = entry.offset + 1;
    return this.piece(entry.ends, { maxRecords: Infinity, maxBytes: Infinity, closed: true });
  }

  private takeOpen(options: TakeOptions): LogBatch | null {
    const bound = this.boundOf(options);
    if (!bound) return null;
    const available = this.available(bound.ends);
    const stuck = this.buffers.some((buffer, at) => !buffer.roomy && buffer.countBelow(end(bound, at)) > 0);
    // With less than a full piece there is time to wait for the closed record, unless waiting is what fills the memory.
    const large = this.bytesBelow(bound.ends) > maxBytesOf(options);
    if (available < options.maxRecords && !large && !stuck) return null;
    return this.piece(bound.ends, { maxRecords: options.maxRecords, maxBytes: maxBytesOf(options), closed: false });
  }

  /** Records below the ends of this entry may be handed out before it is complete. Beyond: never. */
  private boundOf(options: TakeOptions): PositionEntry | undefined {
    let last: PositionEntry | undefined;
    for (const [index, entry] of this.entries.entries()) {
      if (isBeyond(entry, options)) break;
      if (this.mayEndAt(index, options)) return entry;
      last = entry;
    }
    return last;
  }

  /**
   * Closed records are ends of pieces. Only a lane that begins with the log passes over those older than the window: a
   * position outside the window is what a lane is BLOCKED for when it is opened again, and a build of an old log would
   * stand at one after each of its first pieces. It may stop there after all when nothing else is left to stop at.
   */
  private mayEndAt(index: number, { until, windowStart }: TakeOptions): boolean {
    const entry = this.entries[index];
    if (!entry?.closed) return false;
    if (!this.fromStart || this.positionsNext > 0 || entry.at >= windowStart) return true;
    const isLast = index === this.entries.length - 1 && this.endSeen;
    return isLast || this.entriesFull || entry.offset + 1 === until;
  }

  private available(ends: readonly number[]): number {
    let count = 0;
    for (const [at, buffer] of this.buffers.entries()) count += buffer.countBelow(ends[at] ?? 0);
    return count;
  }

  private bytesBelow(ends: readonly number[]): number {
    let bytes = 0;
    for (const [at, buffer] of this.buffers.entries()) bytes += buffer.bytesOf(buffer.countBelow(ends[at] ?? 0));
    return bytes;
  }

  private piece(
    ends: readonly number[],
    { maxRecords, maxBytes, closed }: { maxRecords: number; maxBytes: number; closed: boolean },
  ): LogBatch {
    const records: FetchedRecord[] = [];
    let bytes = 0;
    // Those that lack room first: an open piece is there to make it.
    const order = [...this.buffers.keys()];
    if (!closed) order.sort((a, b) => Number(this.buffers[a]?.roomy) - Number(this.buffers[b]?.roomy));
    for (const at of order) {
      const buffer = this.buffers[at];
      const bound = ends[at] ?? 0;
      if (!buffer) continue;
      const most = Math.min(buffer.countBelow(bound), maxRecords - records.length);
      const fitting = maxBytes === Infinity ? most : buffer.countWithin(most, maxBytes - bytes);
      const count = records.length === 0 && most > 0 ? Math.max(1, fitting) : fitting;
      bytes += buffer.bytesOf(count);
      for (const record of buffer.take(count, bound)) records.push(record);
    }
    const { position, at: positionAt } = this.standing;
    return { records, next: this.next(), closed, position, positionAt };
  }

  /** Next offsets as of what was handed out, positions topic included. */
  next(): Offsets {
    const next: Record<string, Record<string, string>> = { [this.positions]: { '0': String(this.positionsNext) } };
    for (const { topic, partition, next: offset } of this.buffers) {
      (next[topic] ??= {})[String(partition)] = String(offset);
    }
    return next;
  }

  private get endSeen(): boolean {
    return this.positionsPassed >= this.positionsHigh;
  }

  ahead(): Ahead {
    const last = this.entries[this.entries.length - 1];
    let records = 0;
    for (const [at, buffer] of this.buffers.entries()) records += Math.max(0, (last?.ends[at] ?? 0) - buffer.next);
    return {
      caughtUp: this.endSeen && !this.entries.some((entry) => entry.closed),
      records,
      oldestAt: this.entries[0]?.at ?? null,
    };
  }
}

function maxBytesOf({ maxBytes = Infinity }: TakeOptions): number {
  return maxBytes;
}

function isBeyond(entry: PositionEntry, { until }: TakeOptions): boolean {
  return until !== null && entry.offset >= until;
}

function end(entry: PositionEntry, at: number): number {
  return entry.ends[at] ?? 0;
}
