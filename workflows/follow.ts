import { allHandlersFinished, condition, continueAsNew, patched, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Pipeline, StoreDefinition } from '../model/pipeline';
import type { StoreStatus } from '../model/status';
import { checkOwn } from './arguments';
import { storeDetails } from './details';
import { rebuildOrdered, rebuildWaits, resumed, retried, withFault } from './follow-events';
import { runLane } from './follow-lane';
import { nextStep } from './follow-orders';
import { initialFollowState } from './follow-state';
import { storeStatus } from './follow-status';
import { runStep } from './follow-steps';
import type { Follower } from './follower';
import { adoptSignal, internalDescriptions } from './messages';
import { namedBy, serveOperators, type Order } from './operators';
import { parkedAnswer } from './parked-answer';
import { parkedOrdered, refuseParked } from './parked-orders';
import { createReporter } from './reporter';
import { cancelMeansStop, historyIsLong } from './running';
import { sameJson } from './same';
import { restoreFollow, saveFollow, type SavedFollowState } from './saved';
import { createFace } from './visible';

export interface FollowInput {
  readonly pipeline: Pipeline;
  readonly store: string;
  /** From the run before this one. */
  readonly state?: SavedFollowState;
}

/**
 * `sync/<pipeline>/<store>`: looks after one store. The live generation's lane follows the log, slice after slice; a
 * rebuild is another generation beside it, with a lane of its own, until both stand at the same place and readers are
 * switched. What a store holds is known to the store alone: with this state lost, the store's record says where to go on.
 */
export async function follow({ pipeline, store, state: saved }: FollowInput): Promise<StoreStatus> {
  const own = { prefix: pipeline.log.prefix, definition: definitionOf(pipeline, store) };
  const show = createFace();
  const follower: Follower = {
    pipeline,
    store,
    ...own,
    state: saved ? restoreFollow(saved, own) : initialFollowState,
    running: { live: false, next: false },
    retries: 0,
    unmet: new Map(),
    draining: false,
    ended: false,
    display() {
      const status = storeStatus(store, follower.state, follower.ended);
      const details = storeDetails({ ...own, workflowId: workflowInfo().workflowId, pipeline: pipeline.name, status });
      const generation = follower.state.live?.number ?? null;
      show({ pipeline: pipeline.name, store, status: status.status, generation, details });
    },
  };
  const status = () => storeStatus(store, follower.state, follower.ended);
  const reporter = createReporter(pipeline.name, () => ({ child: 'store', status: status(), refuses: false }));
  // Before the others: their default handler takes every waiting message that has no handler yet.
  setHandler(adoptSignal, (other) => reporter.answer(!sameJson(other.pipeline, pipeline)), {
    description: internalDescriptions.adopt,
  });
  serve(follower, status);

  return cancelMeansStop(
    () => {
      follower.state = { ...follower.state, stopping: true };
    },
    async () => {
      let finished = false;
      const reporting = reporter.run(() => finished);
      const lanes = [runLane(follower, 'live'), runLane(follower, 'next')];
      await runSteps(follower);
      // The slices return their progress before anything else: the next run, or the next sync, begins there.
      await Promise.all(lanes);
      follower.ended = follower.state.stopping;
      follower.display();
      finished = true;
      await reporting;
      await condition(allHandlersFinished);
      // A `stop` that came while the report was on its way is obeyed by the next run.
      if (follower.ended) return status();
      return continueAsNew<typeof follow>({ pipeline, store, state: saveFollow(follower.state, own) });
    },
  );
}

/** One step at a time, until it is time to stop or to continue as new. */
async function runSteps(follower: Follower): Promise<void> {
  const next = () =>
    nextStep(follower.state, { prefix: follower.prefix, idle: !follower.running.live && !follower.running.next });
  const over = () => follower.state.stopping || historyIsLong(follower.state.eventLimit);
  while (!over()) {
    follower.display();
    const step = next();
    if (step) await runStep(follower, step);
    else await condition(() => next() !== null || over());
  }
  follower.draining = true;
}

function serve(follower: Follower, status: () => StoreStatus): void {
  const { store } = follower;
  serveOperators<StoreStatus>({
    orders: ['pause', 'resume', 'retry', 'stop', 'rebuild', 'parked'],
    receiver: 'child',
    refuse: (order) => {
      return checkOwn(order.name, namedBy(order), store) ?? refuseParked(follower.state, order);
    },
    obey: (order) => {
      obey(follower, order);
      follower.display();
    },
    answer: (order) => (order.name === 'parked' ? parkedAnswer(follower, order.parked) : null),
    record: (fault) => {
      follower.state = withFault(follower.state, fault, Date.now());
    },
    status,
    offsets: () => ({ stores: { [store]: offsetsOf(follower) } }),
    errors: () => follower.state.problems,
  });
}

function obey(follower: Follower, order: Order): void {
  const { state } = follower;
  switch (order.name) {
    case 'pause':
      follower.state = { ...state, paused: true };
      return;
    case 'resume':
      // Runs that were LIVE at once are replayed like that.
      follower.state = state.paused && patched('resumes-behind') ? resumed(state) : { ...state, paused: false };
      return;
    case 'retry':
      follower.state = retried(state);
      follower.retries += 1;
      return;
    case 'stop':
      follower.state = { ...state, stopping: true };
      return;
    case 'copy':
      return;
    case 'parked':
      follower.state = parkedOrdered(state, order.parked, `${Date.now().toString(36)}`);
      return;
    case 'rebuild': {
      const { reason, definition = null } = order.rebuild;
      const ordered = { reason, definition };
      const after = rebuildOrdered(state, ordered);
      // Runs in which it would have waited all the same are replayed like that.
      const waits = rebuildWaits(state) && after.next !== state.next && !patched('gives-up-more');
      follower.state = waits ? { ...state, ordered, trouble: after.trouble } : after;
      return;
    }
  }
}

function offsetsOf({ state: { live, next } }: Follower) {
  const lanes = [live, next].filter((lane) => lane !== null);
  return Object.fromEntries(lanes.map((lane) => [String(lane.number), lane.progress?.next ?? {}]));
}

/** `sync` starts followers for the stores of a checked pipeline only; anything else is our own bug. */
function definitionOf(pipeline: Pipeline, store: string): StoreDefinition {
  const definition = pipeline.stores[store];
  if (!definition) throw new Error(`Pipeline ${pipeline.name} has no store '${store}'.`);
  return definition;
}
