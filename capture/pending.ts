import type { Change } from '../model/change';
import type { Position } from '../model/position';
import type { CopyCursor, EncodedRecord } from '../stream/log';
import { joined, type RecordSupply, type Records } from '../stream/supply';
import { contentBytesOf } from '../stream/written-record';

/** What one Kafka transaction will hold besides its position record. */
export interface Unit {
  readonly records: Records;
  readonly changes: number;
  readonly position: Position;
  readonly closed: boolean;
  /** Commit time of the last source transaction in it; null when it holds none. */
  readonly committedAt: number | null;
  /** Chunks of the copy: the cursor becomes true with these records and not before. */
  readonly copy: CopyPart | null;
}

export interface CopyPart {
  readonly table: string;
  /** Of the last of them. */
  readonly cursor: CopyCursor;
  readonly chunks: number;
}

/** A TRUNCATE in its place: what stands before it is appended first, and what comes behind waits for it. */
export interface Truncation {
  readonly table: string;
  /** One position for all rows it removes: how many they are, the log alone knows. */
  readonly position: Position;
  readonly schemaId: string;
  readonly transaction: Change['transaction'];
}

/** Captured and not yet appended, in order. Bounded by whoever pauses the socket at `bytes` (Invariant 10). */
export interface Pending {
  readonly bytes: number;
  /** Nothing waits, not even a position. */
  readonly empty: boolean;
  /** There is something to do before the transaction has ended: a unit is full, or a TRUNCATE is first in line. */
  readonly overflowing: boolean;
  addChange(records: readonly EncodedRecord[], position: Position): void;
  addTruncation(truncation: Truncation): void;
  /** The TRUNCATE that is first in line; `take` gives nothing until it is ended. */
  readonly truncation: Truncation | null;
  /** All of its rows are gone from the log. */
  endTruncation(truncation: Truncation): void;
  /** Everything below `lsn` has been added. */
  close(lsn: string, committedAt: number | null): void;
  /** A chunk of the copy; only at a closed point, which becomes its position. */
  addChunk(records: RecordSupply, copy: Omit<CopyPart, 'chunks'>, lsn: string): void;
  /**
   * The next unit, or null. A position without records is given out only when asked for. What a transaction has sent so
   * far waits for its end, unless it is larger than a unit may be.
   */
  take(options: { readonly positionOnly: boolean }): Unit | null;
  /** Forgets what stands behind the last closed point: the transaction that cannot be finished. */
  dropOpen(): void;
}

/**
 * What one Kafka transaction may hold. Under a backlog it nearly always is this much: each costs three requests that wait for
 * one another, and markers in every partition, whatever its size; with 768 KiB capture came to 0.28 of the stream alone, with
 * 2.5 MiB to 0.35, in one run. A source that is followed at its own pace never fills one, so its latency does not know them. The
 * bytes are what four partitions take in one request, a batch each (`stream/sends.ts`), shares that differ a little included.
 * Twice as many changes as a lane takes at once (`activities/micro-batches.ts`), for half of one would leave it a small piece
 * each time. Invariant 10: one is in memory as records and once more as a request, and twice as many bytes wait behind it.
 */
export const unitBounds = { changes: 8_000, bytes: 3_500_000 } as const;

/**
 * What one Kafka transaction may hold of the copy, by the bytes of its rows at the source: chunks of one table that are ready join.
 * Each costs what any other costs, whatever it carries, and a chunk is as large as the leader likes.
 */
export const chunkBounds = { rows: 20_000, bytes: 4 * 1024 * 1024 } as const;

interface ClosedPoint {
  readonly position: Position;
  readonly committedAt: number | null;
  readonly records: number;
  readonly changes: number;
  readonly bytes: number;
}

interface Group {
  records: EncodedRecord[];
  changes: number;
  bytes: number;
  position: Position;
  /** The last closed point inside; records behind it belong to a transaction that is still arriving. */
  closedAt: ClosedPoint | null;
  readonly copy: Unit['copy'];
  /** Of a chunk, in place of `records`. */
  readonly supply: RecordSupply | null;
  readonly truncation: Truncation | null;
}

export function createPending(): Pending {
  let groups: Group[] = [];
  let bytes = 0;

  const tail = () => groups.at(-1);
  /** The last group, while changes may join it. */
  const joinable = () => {
    const last = tail();
    return last && !last.copy && !last.truncation ? last : null;
  };
  const isClosed = (group: Group) => group.closedAt !== null && group.closedAt.records === group.records.length;
  const isFull = (group: Group) => group.changes >= unitBounds.changes || group.bytes >= unitBounds.bytes;

  function add(group: Group): Group {
    groups.push(group);
    return group;
  }

  /**
   * The group behind a full one. It begins with the transaction that is arriving, if little of that has come: left in the full one
   * it would be cut off from it when that is taken, and be an append of its own.
   */
  function behind(full: Group | null, position: Position): Group {
    const group = emptyGroup(position);
    const at = full?.closedAt;
    if (!full || !at || at.records === 0) return group;
    const [changesLeft, bytesLeft] = [full.changes - at.changes, full.bytes - at.bytes];
    if (changesLeft > unitBounds.changes / 4 || bytesLeft > unitBounds.bytes / 4) return group;
    Object.assign(group, { records: full.records.slice(at.records), changes: changesLeft, bytes: bytesLeft });
    endAt(full, at);
    return group;
  }

  /** The part up to the closed point leaves; the rest stays first in line. */
  function split(group: Group, at: ClosedPoint): Unit {
    const rest: Group = {
      records: group.records.slice(at.records),
      changes: group.changes - at.changes,
      bytes: group.bytes - at.bytes,
      position: group.position,
      closedAt: null,
      copy: null,
      supply: null,
      truncation: null,
    };
    groups[0] = rest;
    bytes -= at.bytes;
    const records = group.records.slice(0, at.records);
    return { ...at, records, closed: true, copy: null };
  }

  /** Of the groups that follow one another from the first on, how many chunks go in one unit. */
  function chunksTogether(): Group[] {
    const [first] = groups;
    const found: Group[] = [];
    let [rows, size] = [0, 0];
    for (const group of groups) {
      if (!group.copy || group.copy.table !== first?.copy?.table || !group.supply) break;
      rows += group.changes;
      size += group.bytes;
      if (found.length > 0 && (group.changes === 0 || rows > chunkBounds.rows || size > chunkBounds.bytes)) break;
      found.push(group);
      // One without rows says something about the order of things: nothing joins it.
      if (group.changes === 0) break;
    }
    return found;
  }

  function takeChunks(): Unit | null {
    const found = chunksTogether();
    const last = found.at(-1);
    if (!last?.copy) return null;
    groups = groups.slice(found.length);
    bytes -= found.reduce((sum, group) => sum + group.bytes, 0);
    beginNext();
    return {
      records: joined(found.flatMap(({ supply }) => supply ?? [])),
      changes: found.reduce((sum, group) => sum + group.changes, 0),
      ...{ position: last.position, closed: true, committedAt: null },
      copy: { ...last.copy, chunks: found.length },
    };
  }

  /** The first records of the next chunk are written while the brokers work on those before: of one only, since they are larger than rows. */
  function beginNext(): void {
    groups.find(({ supply }) => supply !== null)?.supply?.begin();
  }

  return {
    get bytes() {
      return bytes;
    },
    get empty() {
      return groups.length === 0;
    },
    get overflowing() {
      return groups.length > 1 || groups[0]?.truncation != null;
    },
    addChange(records, position) {
      const last = joinable();
      const group = last && !isFull(last) ? last : add(behind(last, position));
      for (const record of records) group.records.push(record);
      const size = sizeOf(records);
      group.changes += 1;
      group.bytes += size;
      group.position = position;
      bytes += size;
    },
    addTruncation(truncation) {
      add({ ...emptyGroup(truncation.position), truncation });
    },
    get truncation() {
      return groups[0]?.truncation ?? null;
    },
    endTruncation(truncation) {
      // A transaction that cannot be finished may have been dropped meanwhile, and its TRUNCATE with it.
      if (groups[0]?.truncation === truncation) groups.shift();
    },
    close(lsn, committedAt) {
      const position = { lsn, index: 0 };
      const group = joinable() ?? add(emptyGroup(position));
      const { changes, bytes: size, closedAt } = group;
      const at = committedAt ?? closedAt?.committedAt ?? null;
      group.position = position;
      group.closedAt = { position, committedAt: at, records: group.records.length, changes, bytes: size };
    },
    addChunk(supply, copy, lsn) {
      const position = { lsn, index: 0 };
      // A position that waits for company has found it.
      if (joinable()?.records.length === 0) groups.pop();
      const size = { changes: supply.length, bytes: supply.bytes };
      const closedAt = { position, committedAt: null, records: 0, ...size };
      const first = groups.every((group) => group.supply === null);
      add({ ...emptyGroup(position), ...size, copy: { ...copy, chunks: 1 }, supply, closedAt });
      bytes += supply.bytes;
      if (first) beginNext();
    },
    take({ positionOnly }) {
      const head = groups[0];
      if (!head || head.truncation) return null;
      if (head.copy) return takeChunks();
      const { records, changes, position, closedAt } = head;
      if (records.length === 0 && !positionOnly && groups.length === 1) return null;
      const closed = isClosed(head);
      if (closedAt && !closed && (closedAt.records > 0 || positionOnly)) return split(head, closedAt);
      // A group that is followed by another is complete although its transaction is not: it was full.
      if (!closed && groups.length === 1 && !isFull(head)) return null;
      groups.shift();
      bytes -= head.bytes;
      const committedAt = closed ? (closedAt?.committedAt ?? null) : null;
      return { records, changes, position, closed, committedAt, copy: null };
    },
    dropOpen() {
      const reversed = [...groups].reverse();
      const open = reversed.findIndex((group) => group.closedAt !== null);
      groups = groups.slice(0, open < 0 ? 0 : groups.length - open);
      const last = tail();
      if (last?.closedAt && !isClosed(last)) endAt(last, last.closedAt);
      bytes = groups.reduce((total, group) => total + group.bytes, 0);
    },
  };
}

/** What stands behind the closed point is no part of it any more. */
function endAt(group: Group, { records, changes, bytes, position }: ClosedPoint): void {
  Object.assign(group, { records: group.records.slice(0, records), changes, bytes, position });
}

function emptyGroup(position: Position): Group {
  return { records: [], changes: 0, bytes: 0, position, closedAt: null, copy: null, supply: null, truncation: null };
}

function sizeOf(records: readonly EncodedRecord[]): number {
  let size = 0;
  for (const record of records) size += contentBytesOf(record) + 32;
  return size;
}
