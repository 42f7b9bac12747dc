import type { CaptureOptions, CaptureSession } from '../capture/session';
import type { RowReader } from '../capture/source/row-reader';
import type { Log } from '../model/log';
import type { SlotHealth } from '../model/slot-sample';
import type { SchemaVersion, TableSchema } from '../model/schema';
import type { Settings } from '../model/settings';
import type { Transforms } from '../model/rules/transform';
import type { LaneReader, PositionRecord } from '../stream/log';
import type { ParkedIndex } from '../stream/parked-index';
import type { ParkedLog } from '../stream/parked-log';
import type { Store, StoreContext } from '../stores/store';
import type { AbsentColumns } from './absent-columns';
import type { Checks } from './checks/checks';
import type { LaneName, Observer } from './observer';
import type { Sessions } from './sessions';
import type { VersionGuard } from './version-guard';
import type { Pipeline } from '../model/pipeline';

export interface LaneParking {
  readonly index: ParkedIndex;
  /** The topic held something when the session was opened, or this session parked something. */
  used: boolean;
}

/** A lane's warm session: its consumer, and the store it feeds. */
export interface LaneSession {
  readonly reader: LaneReader;
  readonly store: Store;
  readonly absent: AbsentColumns;
  readonly guard: VersionGuard;
  /** Opened anew by each slice that needs it; what was read of it stays. */
  readonly parking: LaneParking;
  /** What the store has been handed and does not durably hold yet; null between batches. */
  inHand: { readonly records: number; readonly oldestAt: number | null } | null;
  close(): Promise<void>;
}

/** Everything activities do to the world, as plain functions: tests replace one by one to sabotage or to die there. */
export interface Deps {
  readonly settings: Settings;
  /** Resolves `{"env": "NAME"}`; throws `InvalidConfig` naming the variable. */
  readonly secret: (reference: { readonly env: string }) => string;
  /** Where this worker's own slices are sent back to. */
  readonly privateTaskQueue: string;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly log: Log;
  /** What is told of the work while it is done: log lines and metrics. */
  readonly observer: Observer;

  /** The functions that mappings of this worker's pipelines may name. */
  readonly transforms: Transforms;

  readonly checks: Checks;
  readonly readTables: (
    sourceUrl: string,
    tables: readonly string[],
    readBack?: boolean,
  ) => Promise<readonly TableSchema[]>;
  /** The same, those that cannot be captured (any more) left out. */
  readonly surveyTables: (
    sourceUrl: string,
    tables: readonly string[],
    readBack?: boolean,
  ) => Promise<readonly TableSchema[]>;
  readonly prepareCapture: (options: CaptureOptions) => Promise<{ logId: string }>;
  readonly lookAtSlot: (options: CaptureOptions, before: SlotHealth | null) => Promise<SlotHealth>;
  readonly openCapture: (options: CaptureOptions) => Promise<CaptureSession>;
  readonly openStore: (context: StoreContext) => Store;
  readonly openReader: (options: {
    readonly pipeline: Pipeline;
    readonly tables: readonly string[];
    readonly logId: string;
    readonly clientId: string;
  }) => Promise<LaneReader>;
  /** Whether the store has ever parked anything. */
  readonly hasParked: (pipeline: Pipeline, store: string) => Promise<boolean>;
  /**
   * Takes the lane's fence; makes the topic where it is missing. `Blocked` for one that ends before `end`, the next offset
   * it is known to have reached: it is not the one that records were parked on.
   */
  readonly openParkedLog: (options: {
    readonly pipeline: Pipeline;
    readonly lane: LaneName;
    readonly logId: string;
    readonly index: ParkedIndex;
    readonly end: number;
  }) => Promise<ParkedLog>;
  /** Frees all records of the store that are parked for other generations than these; says how many. */
  readonly endParked: (pipeline: Pipeline, store: string, keep: readonly number[]) => Promise<number>;
  readonly openRowReader: (sourceUrl: string) => RowReader;
  /** The versions of tables that the log keeps, by id. */
  readonly readVersions: (pipeline: Pipeline) => Promise<ReadonlyMap<string, SchemaVersion>>;
  readonly readLastPosition: (
    pipeline: Pipeline,
  ) => Promise<{ readonly record: PositionRecord; readonly offset: string } | null>;

  readonly captureSessions: Sessions<CaptureSession>;
  readonly laneSessions: Sessions<LaneSession>;
}
