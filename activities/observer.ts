import type { Appended } from '../capture/parts';
import type { Offsets } from '../model/offsets';
import type { SlotHealth } from '../model/slot-sample';
import type { CopyProgress } from '../model/status';
import type { SliceEnd } from './activities';

/** Which lane of which generation. */
export interface LaneName {
  readonly pipeline: string;
  readonly store: string;
  readonly generation: number;
  readonly lane: number;
}

/** How far a lane is behind the log, right now. */
export interface LaneView {
  /** Records (markers included) that the store does not durably hold, up to the end of the log that is known. */
  readonly records: number;
  /** When the oldest position record among them was appended, milliseconds since the Unix epoch; null: not known yet. */
  readonly oldestAt: number | null;
  /** Nothing is missing, and the end of the log has been seen. */
  readonly caughtUp: boolean;
  /** Records that are set aside; absent where nobody counts. */
  readonly parked?: number;
}

export interface CaptureView {
  /** Bytes of WAL that are not in the log yet. */
  readonly lagBytes: number;
  /** Bytes of WAL that the slot makes the source keep; null until it has been asked. */
  readonly retainedBytes: number | null;
  /** null before the first look. */
  readonly slot: SlotHealth | null;
  /** By table. */
  readonly copies: Readonly<Record<string, CopyProgress>>;
}

/** One micro-batch that a store has taken. */
export interface AppliedBatch {
  readonly from: Offsets;
  readonly to: Offsets;
  readonly records: number;
  readonly upserts: number;
  readonly deletes: number;
  readonly repeated: number;
  /** False: held in the store's open transaction until a later batch closes it. */
  readonly durable: boolean;
  readonly ms: number;
}

interface EndedSlice {
  readonly ended: SliceEnd;
  readonly ms: number;
}

export interface EndedCaptureSlice extends EndedSlice {
  readonly pipeline: string;
  /** Commit LSNs of the positions between which it ran, decimal digits. */
  readonly from: string;
  readonly to: string;
  readonly changes: number;
}

export interface EndedLaneSlice extends EndedSlice {
  readonly from: Offsets;
  readonly to: Offsets;
  readonly batches: number;
  readonly records: number;
}

export interface ParkedEvent {
  readonly what: 'parked' | 'freed' | 'skipped';
  readonly table: string;
  readonly keyId: string;
  readonly partition: number;
  readonly offset: string;
  readonly reason: string;
  readonly message: string;
}

/** One execution of an activity, slices included. */
export interface ActivityAttempt {
  readonly activity: string;
  readonly pipeline: string;
  /** Empty for what belongs to no store. */
  readonly store: string;
  readonly attempt: number;
  readonly workflowId: string;
}

/**
 * What activities tell of their work while they do it; the worker makes log lines and metrics of it. Names, positions
 * and counts, never rows. Nothing here may throw, and nothing waits for it.
 */
export interface Observer {
  /** An open session is asked with `look` whenever somebody wants to know; the result says that it is open no more. */
  readonly captureOpened: (pipeline: string, look: () => CaptureView) => () => void;
  readonly laneOpened: (lane: LaneName, look: () => LaneView) => () => void;
  readonly appended: (pipeline: string, append: Appended) => void;
  readonly applied: (lane: LaneName, batch: AppliedBatch) => void;
  /** A record was set aside, or let go: freed by a retry, or skipped for good by somebody's order. */
  readonly parked: (lane: LaneName, event: ParkedEvent) => void;
  readonly captureSliceEnded: (slice: EndedCaptureSlice) => void;
  readonly laneSliceEnded: (lane: LaneName, slice: EndedLaneSlice) => void;
  /** An attempt begins; the result is called when it has ended, with the error if it failed. */
  readonly begun: (attempt: ActivityAttempt) => (error?: unknown) => void;
}

/** Nobody looks. */
export const blindObserver: Observer = {
  captureOpened: () => () => undefined,
  laneOpened: () => () => undefined,
  appended: () => undefined,
  applied: () => undefined,
  parked: () => undefined,
  captureSliceEnded: () => undefined,
  laneSliceEnded: () => undefined,
  begun: () => () => undefined,
};
