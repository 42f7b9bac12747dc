import { ApplicationFailure } from '@temporalio/common';
import type { Activities, FollowSliceInput } from '../../../activities/activities';
import type { SlotHealth } from '../../../model/slot-sample';
import { parsePipeline, type Pipeline, type PipelineFile, type StoreDefinition } from '../../../model/pipeline';

type Awaitable<Activity> = Activity extends (input: infer Input) => Promise<infer Result>
  ? (input: Input) => Promise<Result> | Result
  : never;

/** A generation as the store would hold it; `at` is its next offset in the positions topic. */
export interface FakeGeneration {
  readonly number: number;
  readonly definition: StoreDefinition;
  readonly mappingHash: string;
  readonly logId: string;
  at: number;
}

/**
 * A source, a log and one store per name, small enough to be looked through: the log is nothing but the number of its
 * positions. It judges as it goes: what readers must never see is kept in `violations`.
 */
export class FakeWorld {
  logId: string | null = null;
  /** Next offset of the positions topic. */
  end = 10;
  copiesDone = true;
  /** What everybody sees who looks at the slot. */
  slot: SlotHealth = slotAt('well');
  /** By which order a table was copied again, as the log would hold it. */
  readonly copiedAgain: Record<string, string> = {};
  /** Positions a lane applies in one turn of about 5 ms. */
  speed = 5;
  /** How long a slice lasts that nothing ends. */
  sliceMs = 1_000;
  readonly generations = new Map<string, Map<number, FakeGeneration>>();
  readonly live = new Map<string, number>();
  /** Store → generations that have records on its topic of parked ones. */
  readonly parked = new Map<string, readonly number[]>();
  /** Ids of keys that some record of is parked. */
  readonly parkedKeys = new Set<string>();
  readonly violations: string[] = [];
  /** Every call, in order of beginning. */
  readonly calls: { readonly activity: keyof Activities; readonly input: unknown; readonly queue: string }[] = [];
  /** Slices under way: `capture`, or `<store> g<number>`. */
  readonly slices = new Set<string>();
  /** Called before an activity does anything; throws to make it fail, or waits. */
  before: {
    -readonly [Name in keyof Activities]?: Awaitable<(input: Parameters<Activities[Name]>[0]) => Promise<void>>;
  } = {};

  readonly file: PipelineFile;
  readonly pipeline: Pipeline;

  constructor(name: string, file?: Partial<PipelineFile>) {
    this.file = { ...exampleFile(name), ...file };
    this.pipeline = parsePipeline(this.file);
  }

  store(name: string): Map<number, FakeGeneration> {
    const known = this.generations.get(name) ?? new Map<number, FakeGeneration>();
    this.generations.set(name, known);
    return known;
  }

  /** What readers of a store see. */
  liveGeneration(name: string): FakeGeneration | undefined {
    return this.store(name).get(this.live.get(name) ?? -1);
  }

  promote(name: string, number: number): void {
    const [from, to] = [this.liveGeneration(name), this.store(name).get(number)];
    if (!to) throw new Error(`no generation ${number}`);
    if (from && from.number !== number && from.logId === to.logId) {
      if (to.at < from.at) this.violations.push(`readers went back from ${from.at} to ${to.at}`);
      if (this.slices.size > 0 && [...this.slices].some((slice) => slice.startsWith(`${name} `))) {
        this.violations.push(`promoted while ${[...this.slices].join(', ')} ran`);
      }
    }
    if (!from && !this.copiesDone) this.violations.push('promoted before the copies were done');
    this.live.set(name, number);
  }

  drop(name: string, number: number): void {
    if (this.live.get(name) === number) throw new Error(`generation ${number} is in use`);
    this.store(name).delete(number);
  }

  called(activity: keyof Activities): number {
    return this.calls.filter((call) => call.activity === activity).length;
  }

  followInputs(): readonly FollowSliceInput[] {
    return this.calls
      .filter(({ activity }) => activity === 'followSlice')
      .map(({ input }) => input as FollowSliceInput);
  }
}

export function exampleFile(name: string): PipelineFile {
  const tables = { 'public.products': {} };
  return {
    name,
    source: { url: { env: 'SOURCE_URL' }, tables: ['public.products'] },
    stores: {
      replica: { type: 'postgres', url: { env: 'REPLICA_URL' }, schema: 'shop', tables },
      search: { type: 'elasticsearch', url: { env: 'SEARCH_URL' }, index: 'shop', tables },
    },
    // Nothing here waits for a heartbeat to be missed; one that a busy machine delays would make two slices of one.
    slice: { seconds: 30, heartbeatSeconds: 60 },
  };
}

export function otherDefinition(pipeline: Pipeline, store: string): StoreDefinition {
  const definition = pipeline.stores[store];
  if (!definition) throw new Error(`no store ${store}`);
  return { ...definition, tables: { 'public.products': { into: 'goods' } } };
}

/** Fails as the activities' own translation would. */
export function failing(type: string, message: string, reason?: string): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: type === 'InvalidConfig' || type === 'Blocked',
    details: reason === undefined ? [] : [{ reason }],
  });
}

export function slotAt(level: SlotHealth['level']): SlotHealth {
  return {
    ...{
      level,
      since: 0,
      at: Date.now(),
      walStatus: 'reserved',
      retainedBytes: 700,
      limitBytes: 1_000,
      leftBytes: 300,
    },
    ...{ lostInMinutes: null, notes: level === 'well' ? [] : ['The slot keeps 700 B of WAL.'] },
  };
}
