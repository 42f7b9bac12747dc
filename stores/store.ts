import type { Capabilities } from '../model/capabilities';
import type { DocumentBody, Mutation } from '../model/mutation';
import type { Offsets } from '../model/offsets';
import type { StoreDefinition } from '../model/pipeline';
import type { Position } from '../model/position';
import type { TableSchema } from '../model/schema';

/** A full build of a store's content under one mapping, in an index or schema of its own. */
export interface Generation {
  readonly pipeline: string;
  readonly store: string;
  /** 1, 2, 3 … never used twice for one store. */
  readonly number: number;
  /** Identity of the rule that fills it. */
  readonly mappingHash: string;
  /** Identity of the log it is filled from. */
  readonly logId: string;
}

/** The partitions that one activity at a time feeds into one generation. One to begin with: index 0. */
export interface Lane {
  readonly index: number;
}

/** One attempt of a slice. `scheduledMs` orders owners; the rest tells two of the same millisecond apart. */
export interface Owner {
  readonly scheduledMs: number;
  readonly runId: string;
  readonly activityId: string;
  readonly attempt: number;
}

/** The store's own record of a lane: the authority that workflow state and heartbeats are checked against. */
export interface Acceptance {
  /** Next offsets; `{}` for a generation that holds nothing. */
  readonly next: Offsets;
  /** The last closed position held. */
  readonly position: Position;
  /** When the log's record of that position was written, milliseconds since the Unix epoch; 0 when there is none. */
  readonly positionAt: number;
  readonly logId: string;
  readonly mappingHash: string;
}

/** One micro-batch of a lane: contiguous offsets and what they amount to, one mutation per document. */
export interface Batch {
  readonly lane: Lane;
  readonly owner: Owner;
  /** What the store's record must say before. */
  readonly from: Offsets;
  /** What it says after. */
  readonly to: Offsets;
  readonly mutations: readonly Mutation[];
  /** The lane's state is complete at `position` once this batch is applied. */
  readonly closed: boolean;
  /** The last closed position reached, this batch included. */
  readonly position: Position;
  readonly positionAt: number;
  /** Readers use this generation: a store that can must not show a state between two closed points. */
  readonly live: boolean;
  /** How many refused mutations are worth naming; default: the first. Beyond, the whole batch is at fault. */
  readonly refusalLimit?: number;
}

export interface Applied {
  /**
   * False when the store holds the batch in a database transaction that it commits at the next closed point: the
   * offsets of `to` must not be reported as reached before a later batch resolves with true.
   */
  readonly durable: boolean;
  readonly upserts: number;
  readonly deletes: number;
  /** Mutations that changed nothing: the store already held this version, or a later one. */
  readonly repeated: number;
}

/** A document as the audit reads it back. */
export interface Document {
  readonly id: string;
  readonly target: string;
  readonly body: DocumentBody;
}

/** Document ids `after < id`, in the store's own order; null: from the beginning. */
export interface KeyRange {
  readonly target: string;
  readonly after: string | null;
}

/** A captured table in one of its versions. `target`: which of the documents that its rows become; left out, its only one. */
export interface TableVersion extends Pick<TableSchema, 'name' | 'columns' | 'key'> {
  readonly target?: string;
}

/** How the columns of a table's version fit what a generation holds of that table: names in the store. */
export interface Fit {
  /** Of the version, and not held. */
  readonly absent: readonly string[];
  /** Of the version, and held as another type, or as something that cannot be one. */
  readonly other: readonly string[];
  /** Held, and not of the version. */
  readonly surplus: readonly string[];
}

/** What a store knows of itself, with no help from Temporal. */
export interface Inspection {
  readonly generations: readonly {
    readonly number: number;
    readonly mappingHash: string;
    readonly logId: string;
    readonly definition: StoreDefinition;
    readonly next: Offsets;
    readonly position: Position;
    readonly positionAt: number;
  }[];
  /** The generation readers use. */
  readonly live: number | null;
}

export interface Store {
  /** What the kind can do: `capabilitiesOf` its definition. The guarantee sheet is computed from it. */
  readonly capabilities: Capabilities;
  /**
   * How many batches of a lane `apply` takes at once. With 2 the next may be handed over before the one before it has
   * resolved, if it begins where that one ends: they resolve in their order, and when one rejects so does the other.
   */
  readonly batchesAtOnce: 1 | 2;
  /**
   * How long the next batch of a lane that has caught up may grow, milliseconds since the one before: for stores whose readers
   * see what was written only from time to time. 0: it is handed over at once.
   */
  readonly gatherMs: number;
  /** What exists: how a sync that starts with an empty Temporal finds its generations again. Changes nothing. */
  inspect(): Promise<Inspection>;
  /** Creates what is missing for a generation; adopts it only if its record matches (else `Blocked`: log-replaced, store-behind). Repeatable. */
  prepare(generation: Generation): Promise<void>;
  /** Makes `owner` the only one who may write this lane; older owners are refused from now on (`Fenced`). */
  acquire(generation: Generation, lane: Lane, owner: Owner): Promise<Acceptance>;
  /**
   * Applies one micro-batch and moves the offsets. Resolves only when all of it is durable (or held, see `Applied`);
   * rejects if any part failed. Again, or late: changes nothing. `Fenced` when another owner has the lane. `Refused`
   * (stores/refused.ts) when single mutations can never be stored: the offsets stand at `from`, what was held before this
   * batch is still held, and the batch may come again without them.
   */
  apply(generation: Generation, batch: Batch, signal: AbortSignal): Promise<Applied>;
  /** Compares a table's version with what the generation holds of the table. Changes nothing. */
  fit(generation: Generation, table: TableVersion): Promise<Fit>;
  /**
   * Gives the generation the columns `names` (in the store) of a table's version, NULL in every row there is; readers of
   * the live generation see them. Repeatable. The lane must hold nothing open, and is acquired again afterwards.
   */
  extend(generation: Generation, table: TableVersion, names: readonly string[]): Promise<void>;
  /** Gives up what a lane holds open (a transaction between closed points). Repeatable. */
  release(generation: Generation, lane: Lane): Promise<void>;
  /** Documents in id order, for the audit and for tests. */
  scan(generation: Generation, range: KeyRange, limit: number): Promise<Document[]>;
  /** Makes readers see this generation: atomic, repeatable. */
  promote(generation: Generation): Promise<void>;
  /** Removes a generation; refuses the one readers use. Repeatable. */
  drop(generation: Generation): Promise<void>;
  close(): Promise<void>;
}

/** What an adapter is opened with. */
export interface StoreContext {
  readonly pipeline: string;
  readonly store: string;
  readonly definition: StoreDefinition;
  /** The connection string, already resolved. Never logged. */
  readonly url: string;
  /** The captured tables as the source's catalogue has them; asked for only when a generation is created. */
  readonly catalogue: () => Promise<readonly TableSchema[]>;
}
