import type { Activities, FollowSliceResult } from '../activities/activities';
import { afterFailure, afterRetry, noTrouble } from './breaker';
import type { Failure } from './failures';
import { align, leadOffset, type Order } from './follow-align';
import type { Step } from './follow-orders';
import {
  newBuild,
  newLane,
  withBuild,
  withLane,
  type FollowState,
  type LaneState,
  type OrderedRebuild,
  type Rest,
  type Role,
} from './follow-state';
import { isHeld, parkedTold } from './parked-orders';
import { withProblem, type Fault } from './problems';

type Inspection = Awaited<ReturnType<Activities['inspectStore']>>;

/** Pure transitions: what has happened → the new state. */

/** Under steady writes there is always something on its way: this near counts as caught up. */
const nearSeconds = 5;

export function sliceEnded(
  state: FollowState,
  event: {
    readonly role: Role;
    readonly order: Order;
    readonly result: FollowSliceResult;
    readonly prefix: string;
    /** As it was when what a slice saw before it was cut short did not count. */
    readonly trustsCutShort?: boolean;
  },
): FollowState {
  const { role, order, result, prefix, trustsCutShort = false } = event;
  const lane = state[role];
  if (!lane) return state;
  // A slice that was cut short may not have seen yet what lies ahead of it.
  const stays = isCutShort(result) && (trustsCutShort || isNear(result)) ? lane.caughtUp : null;
  const caughtUp = result.ended === 'caught-up' || (stays ?? isNear(result));
  const changed: LaneState = {
    ...lane,
    progress: result.progress,
    caughtUp,
    // A worker that leaves is not asked again: its private queue would let the next slice wait in vain.
    taskQueue: result.ended === 'worker-shutdown' ? null : result.taskQueue,
    trouble: noTrouble,
  };
  const told = parkedTold(state, order, result);
  const ended = withLane(told, role, { ...changed, rest: restAfter(lane, order, result, prefix) });
  if (role === 'live' || !ended.next) return advanced(ended, prefix);
  const isComplete = result.ended === 'caught-up' || (caughtUp && result.copiesDone);
  switch (ended.next.phase) {
    case 'building':
      return isComplete && !isHeld(ended) ? advanced(complete(ended), prefix) : ended;
    case 'aligning':
      return advanced(withBuild(ended, { sawEnd: result.ended === 'caught-up' }), prefix);
    case 'promoting':
      return ended;
  }
}

function isCutShort({ ended }: FollowSliceResult): boolean {
  return ['cancelled', 'worker-shutdown', 'parked-order'].includes(ended);
}

function isNear({ caughtUp, progress }: FollowSliceResult): boolean {
  return caughtUp || progress.lagSeconds <= nearSeconds;
}

/** It was near when somebody looked last, and has seen until it was cut short that it is not any more. */
export function fellBehind(lane: LaneState, result: FollowSliceResult): boolean {
  return lane.caughtUp && isCutShort(result) && !isNear(result);
}

/**
 * An offset in the positions topic moves with closed records only. So a slice of one batch that moved it ended at one;
 * after several batches the last may lie beyond. "Reached" is only proven by a slice that had to move: one that stood
 * there at its start may be within a transaction.
 */
function restAfter(before: LaneState, order: Order, result: FollowSliceResult, prefix: string): Rest {
  if (result.ended === 'caught-up') return 'closed';
  const { batches } = result.progress;
  const at = leadOffset({ ...before, progress: result.progress }, prefix);
  const moved = before.rest !== 'unknown' && at !== leadOffset(before, prefix);
  if (batches === 1 && moved) return 'closed';
  return result.ended === 'until' && batches > 0 && at === order.until ? 'closed' : 'anywhere';
}

/** The live lane's rest is forgotten: its slice is still running. */
function complete(state: FollowState): FollowState {
  return withLane(withBuild(state, { phase: 'aligning', sawEnd: false }), 'live', { rest: 'unknown' });
}

function advanced(state: FollowState, prefix: string): FollowState {
  const { live, next } = state;
  if (next?.phase !== 'aligning' || align(live, next, prefix).kind !== 'aligned') return state;
  // The last steps may have parked more.
  if (isHeld(state)) return withBuild(state, { phase: 'building', sawEnd: false });
  return withBuild(state, { phase: 'promoting' });
}

/** After any failure the alignment begins again: a lane that cannot move must not keep the other one waiting. */
export function sliceFailed(
  state: FollowState,
  event: { readonly role: Role; readonly failure: Failure; readonly now: number },
): FollowState {
  const { role, failure, now } = event;
  const lane = state[role];
  if (!lane) return state;
  const trouble = afterFailure(lane.trouble, failure, now);
  const ended = withLane(state, role, { trouble, rest: 'unknown', taskQueue: null });
  if (failure.kind === 'cancelled') return ended;
  const recorded = withFault(ended, failure.fault, now);
  return recorded.next?.phase === 'aligning' ? withBuild(recorded, { phase: 'building', sawEnd: false }) : recorded;
}

export function stepFailed(
  state: FollowState,
  event: { readonly step: Step; readonly failure: Failure; readonly now: number },
): FollowState {
  const { step, failure, now } = event;
  const again = step === 'tidy' && failure.kind !== 'final' ? { ...state, untidy: true } : state;
  if (failure.kind === 'cancelled') return again;
  const recorded = withFault(again, failure.fault, now);
  const troubled = { ...recorded, trouble: afterFailure(state.trouble, failure, now) };
  // Both lanes go on meanwhile. Whether readers were switched is not known, so the build stays fit to be seen.
  if (step === 'promote') return withBuild(troubled, { phase: 'building', sawEnd: false, exposed: true });
  if (failure.kind === 'passing') return troubled;
  if (step === 'order') return { ...recorded, ordered: null };
  if (step === 'prepare' && state.live) return { ...recorded, next: null, untidy: true };
  if (step === 'tidy') return recorded;
  return troubled;
}

export function stepDone(state: FollowState): FollowState {
  return { ...state, trouble: noTrouble };
}

/** Of a lane of which only its place is known. */
const unmeasured = { lagRecords: 0, lagSeconds: 0, upserts: 0, deletes: 0, repeated: 0, batches: 0 };

/** What the store says of a live lane that cannot say it itself. */
export function looked(state: FollowState, inspection: Inspection, prefix: string): FollowState {
  const { live } = state;
  const found = inspection.generations.find(({ number }) => number === live?.number);
  if (!live) return state;
  // A generation that is gone from the store has no readers who could go back in time. One whose first slice was blocked has
  // never said anything, and readers see it all the same.
  const { next, position, positionAt } = found ?? {};
  const seen = next && position && { ...unmeasured, at: positionAt ?? 0, ...live.progress, next, position };
  const progress = seen ?? live.progress;
  return advanced(withLane(state, 'live', { rest: 'anywhere', progress }), prefix);
}

/** A build that does not end by itself is given up for the order; any other one is waited for. */
export function rebuildOrdered(state: FollowState, ordered: OrderedRebuild): FollowState {
  const cleared = { ...state, ordered, trouble: afterRetry(state.trouble) };
  if (!isBlocked(state) && !isHeld(state)) return cleared;
  return state.next?.exposed ? withBuild(cleared, { givenUp: true }) : { ...cleared, next: null, untidy: true };
}

/** As it was when none was given up that is held, or that readers may see. */
export function rebuildWaits(state: FollowState): boolean {
  return state.next !== null && (state.next.exposed || !isBlocked(state));
}

function isBlocked({ next, trouble }: FollowState): boolean {
  return next !== null && (next.trouble.blocked || trouble.blocked);
}

/** The store says what became of the promotion of a build that is given up. */
export function settled(state: FollowState, inspection: Pick<Inspection, 'live'>): FollowState {
  const { next } = state;
  if (next?.givenUp !== true) return state;
  return inspection.live === next.number ? promoted(state) : { ...state, next: null, untidy: true };
}

export function rebuildBegun(state: FollowState, input: Pick<LaneState, 'definition' | 'logId'>): FollowState {
  if (!state.ordered) return state;
  const number = state.lastNumber + 1;
  const next = newBuild(newLane({ ...input, number }), state.ordered.reason);
  return { ...state, logId: input.logId, lastNumber: number, ordered: null, next };
}

export function promoted(state: FollowState): FollowState {
  const { next } = state;
  if (!next) return state;
  const { number, definition, logId, mappingHash, progress, caughtUp, rest, taskQueue, trouble } = next;
  const live = { number, definition, logId, mappingHash, progress, caughtUp, rest, taskQueue, trouble };
  return { ...state, live, next: null, untidy: true };
}

/** Whoever stood still for a person may be far behind, and was near when it was paused: it has caught up once it says so again. */
export function resumed(state: FollowState): FollowState {
  return { ...withLane(state, 'live', { caughtUp: false }), paused: false };
}

export function retried(state: FollowState): FollowState {
  const { live, next } = state;
  return {
    ...state,
    trouble: afterRetry(state.trouble),
    live: live && { ...live, trouble: afterRetry(live.trouble) },
    next: next && { ...next, trouble: afterRetry(next.trouble) },
  };
}

export function withFault(state: FollowState, fault: Fault, now: number): FollowState {
  return { ...state, problems: withProblem(state.problems, fault, now) };
}
