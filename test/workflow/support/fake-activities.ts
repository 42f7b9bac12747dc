import { Context } from '@temporalio/activity';
import type { Activities, FollowSliceInput, FollowSliceResult, SliceEnd } from '../../../activities/activities';
import type { Pipeline } from '../../../model/pipeline';
import type { Offsets } from '../../../model/offsets';
import type { CaptureProgress, LaneProgress } from '../../../model/status';
import { failing, type FakeGeneration, type FakeWorld } from './fake-world';

/** A slice takes time, or it would be over before anything could meet it: its turns are this long. */
const turnMs = 5;

/** The activities over a fake world: what slices promise of their ends is kept, everything else is as small as can be. */
export function fakeActivities(world: FakeWorld, privateQueue: string): Activities {
  const enter = async <Name extends keyof Activities>(activity: Name, input: Parameters<Activities[Name]>[0]) => {
    world.calls.push({ activity, input, queue: Context.current().info.taskQueue });
    const before = world.before[activity] as ((input: unknown) => Promise<void> | void) | undefined;
    await before?.(input);
  };
  return {
    async checkPipeline(input) {
      await enter('checkPipeline', input);
      if (JSON.stringify(input.file) !== JSON.stringify(world.file)) throw failing('InvalidConfig', 'not the file');
      return { pipeline: world.pipeline };
    },
    async checkDefinition(input) {
      await enter('checkDefinition', input);
      return { definition: input.definition as Pipeline['stores'][string] };
    },
    async prepareCapture(input) {
      await enter('prepareCapture', input);
      world.logId ??= 'log-1';
      return { logId: world.logId };
    },
    async lookAtSlot(input) {
      await enter('lookAtSlot', input);
      return world.slot;
    },
    async captureSlice(input) {
      await enter('captureSlice', input);
      Object.assign(world.copiedAgain, input.copy?.again);
      const ended = await during(world, 'capture', (elapsed) => (elapsed >= world.sliceMs ? 'time' : null));
      return { progress: captureProgress(world), ended, taskQueue: privateQueue };
    },
    async findLog(input) {
      await enter('findLog', input);
      if (world.logId === null) throw failing('Unavailable', 'the log is not there yet');
      return { logId: world.logId };
    },
    async inspectStore(input) {
      await enter('inspectStore', input);
      const generations = [...world.store(input.store).values()].map(({ at, ...record }) => ({
        ...record,
        next: offsetsAt(world, at),
        position: { lsn: String(at), index: 0 },
        positionAt: 0,
      }));
      return { generations, live: world.live.get(input.store) ?? null };
    },
    async prepareGeneration(input) {
      await enter('prepareGeneration', input);
      const { number, definition, logId } = input;
      const mappingHash = hashOf(definition);
      const found = world.store(input.store).get(number);
      if (found && found.mappingHash !== mappingHash) throw failing('Blocked', 'another mapping', 'store-behind');
      if (!found) world.store(input.store).set(number, { number, definition, mappingHash, logId, at: 0 });
      return { mappingHash };
    },
    async followSlice(input) {
      await enter('followSlice', input);
      return followSlice(world, input, privateQueue);
    },
    async promoteGeneration(input) {
      await enter('promoteGeneration', input);
      world.promote(input.store, input.generation.number);
    },
    async dropGeneration(input) {
      await enter('dropGeneration', input);
      world.drop(input.store, input.generation.number);
    },
    async endParked(input) {
      await enter('endParked', input);
      const { store, keep } = input;
      world.parked.set(
        store,
        (world.parked.get(store) ?? []).filter((number) => keep.includes(number)),
      );
    },
  };
}

async function followSlice(world: FakeWorld, input: FollowSliceInput, taskQueue: string): Promise<FollowSliceResult> {
  const { store, generation, until, endWhenCaughtUp, pipeline } = input;
  const found = world.store(store).get(generation.number);
  if (!found) throw failing('Blocked', `generation ${generation.number} is gone`, 'store-behind');
  let batches = 0;
  const caughtUp = () => found.at >= world.end;
  const limit = () => Math.min(world.end, until === undefined ? world.end : Number(until));
  const turn = (elapsed: number): SliceEnd | null => {
    if (until !== undefined && found.at >= Number(until)) return 'until';
    if (pipeline.slice.batches !== undefined && batches >= pipeline.slice.batches) return 'batches';
    if (endWhenCaughtUp && caughtUp() && world.copiesDone) return 'caught-up';
    if (elapsed >= world.sliceMs) return 'time';
    if (found.at < limit()) {
      found.at = Math.min(limit(), found.at + world.speed);
      batches += 1;
    }
    return null;
  };
  const { parkedOrder } = input;
  if (parkedOrder) {
    const obeyed =
      parkedOrder.key === undefined ? world.parkedKeys.size : Number(world.parkedKeys.delete(parkedOrder.key));
    const progress = laneProgress(world, found, 0);
    return { progress, caughtUp: caughtUp(), copiesDone: false, ended: 'parked-order', obeyed, taskQueue };
  }
  const ended = await during(world, `${store} g${generation.number}`, turn);
  const progress = laneProgress(world, found, batches);
  return { progress, caughtUp: caughtUp(), copiesDone: world.copiesDone && endWhenCaughtUp === true, ended, taskQueue };
}

/** Turn after turn until something ends the slice; heartbeats, since that is how a cancellation arrives. */
async function during(world: FakeWorld, name: string, turn: (elapsed: number) => SliceEnd | null): Promise<SliceEnd> {
  const context = Context.current();
  if (world.slices.has(name)) world.violations.push(`two slices of ${name} at once`);
  world.slices.add(name);
  const started = Date.now();
  try {
    for (;;) {
      const ended = turn(Date.now() - started);
      if (ended) return ended;
      context.heartbeat();
      if (context.cancellationSignal.aborted) return endOf(context);
      await new Promise((resolve) => setTimeout(resolve, turnMs));
    }
  } finally {
    world.slices.delete(name);
  }
}

function endOf({ cancellationDetails }: Context): SliceEnd {
  if (cancellationDetails?.timedOut || cancellationDetails?.notFound) throw failing('Unavailable', 'replaced');
  return cancellationDetails?.workerShutdown ? 'worker-shutdown' : 'cancelled';
}

function laneProgress(world: FakeWorld, { at }: FakeGeneration, batches: number): LaneProgress {
  return {
    next: offsetsAt(world, at),
    position: { lsn: String(at), index: 0 },
    lagRecords: world.end - at,
    lagSeconds: at < world.end ? 60 : 0,
    upserts: 0,
    deletes: 0,
    repeated: 0,
    batches,
    at: Date.now(),
  };
}

function captureProgress(world: FakeWorld): CaptureProgress {
  const copies = {
    'public.products': {
      ...{ done: world.copiesDone, rows: 3, estimatedRows: 3 },
      request: world.copiedAgain['public.products'] ?? '',
    },
  };
  return {
    ...{ position: { lsn: String(world.end), index: 0 }, changes: world.end, copies, lagBytes: 0, at: Date.now() },
    slot: world.slot,
  };
}

export function offsetsAt(world: FakeWorld, at: number): Offsets {
  const { prefix } = world.pipeline.log;
  return { [`${prefix}.positions`]: { '0': String(at) }, [`${prefix}.public.products`]: { '0': String(at * 2) } };
}

function hashOf(definition: unknown): string {
  return `hash-${JSON.stringify(definition).length}`;
}
