import type { CopyOrders, KeyOrder } from '../capture/session';
import type { Offsets } from '../model/offsets';
import type { PoisonReason } from '../model/errors';
import type { Pipeline, StoreDefinition } from '../model/pipeline';
import type { ParkedOrder } from '../model/poison';
import type { SlotHealth } from '../model/slot-sample';
import type { CaptureProgress, LaneProgress, ParkedCounts } from '../model/status';
import type { Inspection } from '../stores/store';

export type { CopyOrders, KeyOrder };

/** Why a slice ended with progress. Everything else is thrown. */
export type SliceEnd =
  | 'time'
  | 'batches'
  | 'cancelled'
  | 'worker-shutdown'
  | 'caught-up'
  | 'until'
  | 'parked-order'
  | 'slot-at-risk'
  | 'slot-well';

export interface CaptureSliceInput {
  readonly pipeline: Pipeline;
  readonly logId: string;
  /** None: the copy goes on as it is. */
  readonly copy?: CopyOrders;
}

export interface CaptureSliceResult {
  readonly progress: CaptureProgress;
  readonly ended: SliceEnd;
  /** The worker's private task queue: the next slice finds its replication stream open there. */
  readonly taskQueue: string;
}

/** Identifies a generation; what fills it is in `definition`. */
export interface GenerationReference {
  readonly number: number;
  readonly definition: StoreDefinition;
  readonly mappingHash: string;
  readonly logId: string;
}

export interface FollowSliceInput {
  readonly pipeline: Pipeline;
  readonly store: string;
  readonly generation: GenerationReference;
  readonly lane: number;
  /** Readers use this generation. */
  readonly live: boolean;
  /** What the workflow remembers; checked against the store's record, never the other way round. */
  readonly remembered: Offsets | null;
  /** Hand out nothing at or beyond this offset of the positions topic; end when it is reached. */
  readonly until?: string;
  /** End as soon as the lane has caught up and every copy is done. */
  readonly endWhenCaughtUp?: boolean;
  /** Obeyed before anything else; then the slice ends. */
  readonly parkedOrder?: ParkedOrder;
  /** What this generation had parked when the workflow last heard of it: the topic must still hold it. */
  readonly parked?: ParkedCounts;
}

export interface FollowSliceResult {
  readonly progress: LaneProgress;
  /** At the slice's end the lane stood at the last closed record of the log. */
  readonly caughtUp: boolean;
  /** Every table of this store has been copied, by the position record the lane stands at. */
  readonly copiesDone: boolean;
  readonly ended: SliceEnd;
  readonly taskQueue: string;
  /** Of how many records the parked order was: 0, when none is parked there. Absent: there was no order, or it is not done. */
  readonly obeyed?: number;
  /** The newest of what is parked, with reasons; absent: nothing is. */
  readonly parked?: readonly ParkedProblem[];
}

/** Why one record is parked: table, key as messages may show it, offset, and what is wrong. */
export interface ParkedProblem {
  readonly reason: PoisonReason;
  readonly message: string;
}

/** What workflows may ask for. Inputs and results are JSON and hold positions and counts, never rows (Invariant 6). */
export interface Activities {
  /** Parses and checks a pipeline file as far as connections allow. Throws InvalidConfig (non-retryable). */
  readonly checkPipeline: (input: { readonly file: unknown }) => Promise<{ readonly pipeline: Pipeline }>;
  /** A store's new definition, checked as part of its pipeline. Throws InvalidConfig (non-retryable). */
  readonly checkDefinition: (input: {
    readonly pipeline: Pipeline;
    readonly store: string;
    readonly definition: unknown;
  }) => Promise<{ readonly definition: StoreDefinition }>;
  /** Publication, replica identity, topics, slot, the log's id. Repeatable. */
  readonly prepareCapture: (input: { readonly pipeline: Pipeline }) => Promise<{ readonly logId: string }>;
  /** Of a slot that no slice reads now; throws Blocked slot-lost. */
  readonly lookAtSlot: (input: {
    readonly pipeline: Pipeline;
    /** What was judged last. */
    readonly before: SlotHealth | null;
  }) => Promise<SlotHealth>;
  readonly captureSlice: (input: CaptureSliceInput) => Promise<CaptureSliceResult>;
  /** The log's id once capture has prepared it; throws Unavailable (retryable) before. */
  readonly findLog: (input: { readonly pipeline: Pipeline }) => Promise<{ readonly logId: string }>;
  /** What the store itself says it holds. */
  readonly inspectStore: (input: { readonly pipeline: Pipeline; readonly store: string }) => Promise<Inspection>;
  /** Creates a generation (or adopts it, when its record matches) and says its mapping's hash. Repeatable. */
  readonly prepareGeneration: (input: {
    readonly pipeline: Pipeline;
    readonly store: string;
    readonly number: number;
    readonly definition: StoreDefinition;
    readonly logId: string;
  }) => Promise<{ readonly mappingHash: string }>;
  readonly followSlice: (input: FollowSliceInput) => Promise<FollowSliceResult>;
  readonly promoteGeneration: (input: {
    readonly pipeline: Pipeline;
    readonly store: string;
    readonly generation: GenerationReference;
  }) => Promise<void>;
  readonly dropGeneration: (input: {
    readonly pipeline: Pipeline;
    readonly store: string;
    readonly generation: GenerationReference;
  }) => Promise<void>;
  /** Frees what every generation but these has parked: nobody will ever carry it on. Repeatable. */
  readonly endParked: (input: {
    readonly pipeline: Pipeline;
    readonly store: string;
    readonly keep: readonly number[];
  }) => Promise<void>;
}
