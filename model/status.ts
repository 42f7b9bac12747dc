import type { Offsets } from './offsets';
import type { Position } from './position';
import type { SlotHealth } from './slot-sample';

/** Everything here is plain JSON: it is answered by queries and reported between workflows. */
export type StatusName =
  'STARTING' | 'COPYING' | 'CATCHING_UP' | 'LIVE' | 'PAUSED' | 'DEGRADED' | 'BLOCKED' | 'REBUILDING' | 'STOPPED';

/** Something that went wrong, as people see it. Never holds a row, a key or a secret. */
export interface Problem {
  /** `Blocked`, `Unavailable`, `Fenced`, `InvalidConfig`, or the foreign error's type. */
  readonly type: string;
  /** For `Blocked`: its reason code. */
  readonly reason?: string;
  readonly message: string;
  /** ISO time. */
  readonly at: string;
  readonly count: number;
}

export interface CopyProgress {
  readonly done: boolean;
  readonly rows: number;
  /** -1 when the source has never analysed the table. */
  readonly estimatedRows: number;
  /** Of the table that is copied now. */
  readonly rowsPerSecond?: number;
  /** Until it is done, those before it included; absent when nobody can say. */
  readonly secondsLeft?: number;
  /** The order by which it is, or was, copied again. */
  readonly request?: string;
  /** Keys whose rows are gone are looked for: the last part of a copy that was ordered. */
  readonly sweeping?: true;
}

/** What became of an order to copy single rows. */
export interface KeysCopied {
  readonly request: string;
  readonly table: string;
  /** Rows appended as they are; and keys the source has no row for, of which a delete was appended. */
  readonly copied: number;
  readonly deleted: number;
  /** Why nothing was; absent when all was. */
  readonly refused?: string;
}

/** Capture's progress: also its heartbeat. */
export interface CaptureProgress {
  readonly position: Position;
  /** Row changes and copied rows appended since this worker opened its session: for rates, not for totals. */
  readonly changes: number;
  readonly copies: Readonly<Record<string, CopyProgress>>;
  /** Orders of single rows that ended in this session, the last few; absent: none. */
  readonly keysCopied?: readonly KeysCopied[];
  /** Bytes of WAL between the leader's flush position and the last closed position record. */
  readonly lagBytes: number;
  /** Absent before the first look at it, and in what an older version has written. */
  readonly slot?: SlotHealth;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** What a generation has set aside, by its store's policy (docs/parked-records.md). */
export interface ParkedCounts {
  /** Those that wait behind another record of their row included. */
  readonly records: number;
  readonly rows: number;
  /** Next offset of their topic: one that ends before it is another topic. Absent in what older versions wrote. */
  readonly end?: string;
}

/** A lane's progress: also its heartbeat. */
export interface LaneProgress {
  /** Next offsets, as the store's own record says. */
  readonly next: Offsets;
  /** The last closed position the store holds. */
  readonly position: Position;
  /** Records (markers included) between the lane and the end of the log it knows. */
  readonly lagRecords: number;
  /** 0 when everything captured is applied, else the age of the oldest position record not yet applied, in seconds. */
  readonly lagSeconds: number;
  /** These four count from the beginning of the slice: for rates, not for totals. */
  readonly upserts: number;
  readonly deletes: number;
  /** Records the store already held in this or a later version. */
  readonly repeated: number;
  readonly batches: number;
  /** Absent: nothing is parked. */
  readonly parked?: ParkedCounts;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

export interface GenerationStatus {
  readonly number: number;
  readonly mappingHash: string;
  readonly role: 'building' | 'live';
  readonly progress: LaneProgress | null;
}

export interface CaptureStatus {
  readonly status: StatusName;
  readonly progress: CaptureProgress | null;
  /** Somebody has paused the copy; changes are followed. */
  readonly copyPaused?: true;
  /** As seen last, whoever looked: capture while it streams, a look a minute while it does not. */
  readonly slot?: SlotHealth;
  readonly problem: Problem | null;
}

export interface StoreStatus {
  readonly store: string;
  readonly status: StatusName;
  readonly generations: readonly GenerationStatus[];
  /** What a rebuild in progress is for, as ordered. */
  readonly rebuild: { readonly reason: string; readonly phase: 'building' | 'aligning' | 'promoting' } | null;
  /** The next generation is complete, has parked more than the live one, and waits until somebody accepts that. */
  readonly held?: true;
  readonly problem: Problem | null;
}

export interface PipelineStatus {
  readonly pipeline: string;
  readonly status: StatusName;
  readonly capture: CaptureStatus;
  readonly stores: Readonly<Record<string, StoreStatus>>;
}
