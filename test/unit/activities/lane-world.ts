import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { FollowSliceInput, FollowSliceResult } from '../../../activities/activities';
import type { Deps, LaneSession } from '../../../activities/deps';
import { followSlice } from '../../../activities/follow-slice';
import { blindObserver } from '../../../activities/observer';
import { Sessions } from '../../../activities/sessions';
import type { Offsets } from '../../../model/offsets';
import { parsePipeline } from '../../../model/pipeline';
import type { LaneProgress } from '../../../model/status';
import { encodeChange } from '../../../stream/envelope';
import type { FetchedRecord, LaneReader, LogBatch, PositionRecord } from '../../../stream/log';
import type { Store } from '../../../stores/store';
import { createMemoryDurable, openMemoryStore } from '../../support/memory-store';

export const topic = 'shop.public.orders';
const positions = 'shop.positions';
export const pipeline = parsePipeline({
  name: 'shop',
  source: { url: { env: 'URL' }, tables: ['public.orders'] },
  log: { partitions: 1 },
  stores: { replica: { type: 'postgres', url: { env: 'URL' }, schema: 'shop', tables: { 'public.orders': {} } } },
  slice: { seconds: 1 },
});
const definition = pipeline.stores['replica'];
if (!definition) throw new Error('the pipeline of this test has no replica');
const reference = { number: 1, definition, mappingHash: 'm', logId: 'log' };

export const next = (records: number, closedRecords: number): Offsets => ({
  [topic]: { '0': String(records) },
  [positions]: { '0': String(closedRecords) },
});

/** The n-th record of the topic: order 1 gets the total n. */
function record(offset: number): FetchedRecord {
  const [encoded] = encodeChange(
    {
      table: 'public.orders',
      operation: 'update',
      key: { id: '1' },
      before: { id: '1', total: offset - 1 },
      after: { id: '1', total: offset },
      position: { lsn: String(100 + offset), index: 1 },
      schemaId: null,
      transaction: { xid: 1, committedAt: 1 },
    },
    { prefix: 'shop', database: 'shop', partitions: 1 },
  );
  if (!encoded) throw new Error('nothing encoded');
  return { topic, partition: 0, offset: String(offset), key: encoded.key, value: encoded.value };
}

/** One record a piece: piece n ends at record n + 1; `closed` says which of them end a source transaction. */
export function pieces(closed: readonly boolean[]): LogBatch[] {
  let closedRecords = 0;
  return closed.map((isClosed, index) => {
    if (isClosed) closedRecords += 1;
    return {
      records: [record(index)],
      next: next(index + 1, closedRecords),
      closed: isClosed,
      position: { lsn: String(closedRecords), index: 0 },
      positionAt: 5,
    };
  });
}

export interface World {
  readonly deps: Deps;
  readonly closed: string[];
  readonly durable: ReturnType<typeof createMemoryDurable>;
  clock: number;
  /** Pieces that the reader has handed out. */
  taken: number;
}

export function createWorld(
  log: readonly LogBatch[],
  override: { store?: (real: Store) => Store; last?: PositionRecord; busy?: boolean } = {},
): World {
  const closed: string[] = [];
  const durable = createMemoryDurable();
  const world: World = { deps: null as unknown as Deps, closed, durable, clock: 0, taken: 0 };
  const openReader = async (): Promise<LaneReader> => {
    let at = 0;
    return {
      logId: 'log',
      async seek(to) {
        const index = log.findIndex((piece) => JSON.stringify(piece.next) === JSON.stringify(to));
        if (index === -1 && Object.keys(to).length > 0) throw new Error(`no piece ends at ${JSON.stringify(to)}`);
        at = index + 1;
      },
      async next({ signal }) {
        signal.throwIfAborted();
        world.clock += 100;
        if (at < log.length) world.taken += 1;
        return log[at++] ?? null;
      },
      ahead: () => ({
        caughtUp: !override.busy && at >= log.length,
        records: Math.max(0, log.length - at),
        oldestAt: override.busy ? 900 : null,
      }),
      async close() {
        closed.push('reader');
      },
    };
  };
  const deps: Partial<Deps> = {
    secret: () => 'url',
    observer: blindObserver,
    privateTaskQueue: 'private',
    clock: () => world.clock,
    now: () => 1_000,
    openStore: (context) => (override.store ?? ((real) => real))(openMemoryStore(context, durable)),
    openReader,
    hasParked: async () => false,
    readLastPosition: async () => (override.last ? { record: override.last, offset: '1' } : null),
    laneSessions: new Sessions<LaneSession>(60_000, () => undefined),
  };
  return Object.assign(world, { deps: deps as Deps });
}

export async function prepared(world: World): Promise<World> {
  const context = {
    pipeline: 'shop',
    store: 'replica',
    definition: reference.definition,
    url: 'url',
    catalogue: async () => [],
  };
  await openMemoryStore(context, world.durable).prepare({
    pipeline: 'shop',
    store: 'replica',
    number: 1,
    mappingHash: 'm',
    logId: 'log',
  });
  return world;
}

let scheduled = 0;

/** Temporal's own lines about failed activities are not wanted: the tests look at the errors. */
export const newEnvironment = () =>
  new MockActivityEnvironment({ heartbeatTimeoutMs: 60_000 }, { logger: new DefaultLogger('ERROR') });

export function run(world: World, input: Partial<FollowSliceInput> = {}, environment = newEnvironment()) {
  const beats: LaneProgress[] = [];
  environment.on('heartbeat', (progress: LaneProgress) => beats.push(progress));
  Object.assign(environment.context.info, { currentAttemptScheduledTimestampMs: (scheduled += 1) });
  const whole: FollowSliceInput = {
    pipeline,
    store: 'replica',
    generation: reference,
    lane: 0,
    live: true,
    remembered: null,
    ...input,
  };
  const result: Promise<FollowSliceResult> = environment.run(() => followSlice(world.deps, whole));
  return { result, beats, environment };
}
