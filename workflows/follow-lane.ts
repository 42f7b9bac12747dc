import { condition, patched } from '@temporalio/workflow';
import type { FollowSliceInput, FollowSliceResult } from '../activities/activities';
import { lsnToText } from '../model/position';
import type { Pipeline } from '../model/pipeline';
import { breakerDelayMs } from './breaker';
import { describeFailure } from './failures';
import type { Order } from './follow-align';
import { fellBehind, sliceEnded, sliceFailed } from './follow-events';
import { orderFor } from './follow-orders';
import type { BuildState, LaneState, Role } from './follow-state';
import type { Follower } from './follower';
import { whyUnmet } from './parked-orders';
import { slices, onWarmWorker } from './proxies';
import { whileWanted } from './running';

/**
 * The lane of one role, slice after slice, until the run is over. What to do is asked anew each time; when the answer
 * changes while a slice runs, the slice is cancelled and returns its progress.
 */
export async function runLane(follower: Follower, role: Role): Promise<void> {
  const over = () => follower.draining || follower.state.stopping;
  const order = () => (over() ? null : orderFor(follower.state, role, follower.prefix));
  for (;;) {
    await condition(() => over() || order() !== null);
    const given = order();
    const lane = follower.state[role];
    if (over()) return;
    if (!given || !lane) continue;
    const key = JSON.stringify(given);
    const changed = () => JSON.stringify(order()) !== key || follower.state[role]?.number !== lane.number;

    follower.running[role] = true;
    try {
      const result = await whileWanted(changed, () => slice(follower, { role, lane, order: given }));
      const { prefix } = follower;
      const why = whyUnmet(given.parkedOrder, result);
      if (given.parkedOrder && why !== null) follower.unmet.set(given.parkedOrder.id, why);
      // A build that was given up meanwhile has no one to report to.
      if (follower.state[role]?.number === lane.number) {
        // Runs that did not heed it are replayed like that.
        const now = follower.state[role] ?? lane;
        const trustsCutShort = fellBehind(now, result) && !patched('cut-short-far');
        follower.state = sliceEnded(follower.state, { role, order: given, result, prefix, trustsCutShort });
      }
    } catch (error) {
      const failure = describeFailure(error);
      if (follower.state[role]?.number === lane.number) {
        follower.state = sliceFailed(follower.state, { role, failure, now: Date.now() });
      }
    } finally {
      follower.running[role] = false;
    }
    follower.display();
    await breaker(follower, role, changed);
  }
}

/** Temporal's own attempts are used up: wait longer each time, unless somebody says `retry` or wants something else. */
async function breaker(follower: Follower, role: Role, changed: () => boolean): Promise<void> {
  const failures = follower.state[role]?.trouble.failures ?? 0;
  const seen = follower.retries;
  if (failures === 0 || changed()) return;
  await condition(() => follower.retries !== seen || changed(), breakerDelayMs(failures));
}

function slice(
  { pipeline, store }: Follower,
  { role, lane, order }: { readonly role: Role; readonly lane: LaneState | BuildState; readonly order: Order },
): Promise<FollowSliceResult> {
  const { step, ...ends } = order;
  const input: FollowSliceInput = {
    pipeline: step ? oneBatch(pipeline) : pipeline,
    store,
    generation: {
      number: lane.number,
      definition: lane.definition,
      mappingHash: lane.mappingHash ?? '',
      logId: lane.logId,
    },
    lane: 0,
    live: role === 'live' || ('exposed' in lane && lane.exposed),
    remembered: lane.progress?.next ?? null,
    ...(lane.progress?.parked ? { parked: lane.progress.parked } : {}),
    ...ends,
  };
  const from = lane.progress ? lsnToText(lane.progress.position.lsn) : "the store's own record";
  const until = order.until === undefined ? '' : ` up to positions offset ${order.until}`;
  return onWarmWorker({
    warmQueue: lane.taskQueue,
    pipeline,
    summary: `g${lane.number} ${role === 'live' ? 'follows' : 'is built from'} the log, from ${from}${until}`,
    run: (options) => slices.followSlice.executeWithOptions(options, [input]),
  });
}

function oneBatch(pipeline: Pipeline): Pipeline {
  return { ...pipeline, slice: { ...pipeline.slice, batches: 1 } };
}
