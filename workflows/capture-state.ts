import type { CaptureSliceResult } from '../activities/activities';
import type { Pipeline } from '../model/pipeline';
import type { SlotHealth } from '../model/slot-sample';
import { slotProblem } from '../model/slot-risk';
import type { CaptureProgress, CaptureStatus, Problem, StatusName } from '../model/status';
import { afterFailure, afterRetry, noTrouble, type Trouble } from './breaker';
import type { Failure } from './failures';
import { refusedKeys, withoutBegun, type CopyState } from './copy-orders';
import { carriedProblems, withProblem, type Fault } from './problems';
import { defaultEventLimit } from './running';
import { carriedTrouble } from './saved';

/** All that `capture` decides by, and what it tells its next run. Plain JSON, at most 4 KB for 16 tables, and 4 KB of keys that wait. */
export interface CaptureState extends CopyState {
  readonly version: 1;
  readonly eventLimit: number;
  readonly paused: boolean;
  readonly stopping: boolean;
  /** null: source and log are not prepared. */
  readonly logId: string | null;
  readonly progress: CaptureProgress | null;
  /** As seen last. Absent in what an older version has written. */
  readonly slot?: SlotHealth;
  /** Where the replication stream is open. */
  readonly taskQueue: string | null;
  readonly trouble: Trouble;
  readonly problems: readonly Problem[];
}

export const initialCaptureState: CaptureState = {
  version: 1,
  eventLimit: defaultEventLimit,
  paused: false,
  stopping: false,
  logId: null,
  progress: null,
  taskQueue: null,
  trouble: noTrouble,
  problems: [],
};

/** What to run now; null: nothing. Pure, asked again after every await. */
export function captureOrder(state: CaptureState): 'prepare' | 'slice' | null {
  if (state.paused || state.stopping || state.trouble.blocked) return null;
  return state.logId === null ? 'prepare' : 'slice';
}

export function capturePrepared(state: CaptureState, logId: string): CaptureState {
  return { ...state, logId, trouble: noTrouble };
}

export function captureSliceEnded(state: CaptureState, result: CaptureSliceResult, now: number): CaptureState {
  const taskQueue = result.ended === 'worker-shutdown' ? null : result.taskQueue;
  const { slot, ...progress } = result.progress;
  const ended = { ...state, progress, taskQueue, trouble: noTrouble };
  const told = refusedKeys(state, progress).reduce<CaptureState>(
    (before, message) => withCaptureFault(before, { type: 'InvalidMessage', message }, now),
    ended,
  );
  const next = withoutBegun(told, progress);
  return slot ? captureLooked(next, slot, now) : next;
}

/** Somebody has looked at the slot. That it got into danger is remembered among the problems after it is over. */
export function captureLooked(state: CaptureState, slot: SlotHealth, now: number): CaptureState {
  const problem = slotProblem(slot);
  const next = { ...state, slot };
  if (problem === null || state.slot?.level === 'danger') return next;
  return withCaptureFault(next, { type: problem.type, message: problem.message }, now);
}

/** A look that failed says nothing, unless what it saw is that there is nothing to go on with (Invariant 9). */
export function captureLookFailed(state: CaptureState, failure: Failure, now: number): CaptureState {
  return failure.kind === 'final' && failure.fault.reason === 'slot-lost' ? captureFailed(state, failure, now) : state;
}

/** Worth a look although nothing runs: there is a slot, as far as anybody knows. */
export function captureHasSlot(state: CaptureState): boolean {
  return state.logId !== null && !isLost(state);
}

export function captureFailed(state: CaptureState, failure: Failure, now: number): CaptureState {
  if (failure.kind === 'cancelled') return { ...state, taskQueue: null };
  return {
    ...withCaptureFault(state, failure.fault, now),
    trouble: afterFailure(state.trouble, failure, now),
    taskQueue: null,
  };
}

/** A person has mended what was blocked: source and log are prepared again, since that may be what was missing. */
export function captureRetried(state: CaptureState): CaptureState {
  return { ...state, trouble: afterRetry(state.trouble), logId: state.trouble.blocked ? null : state.logId };
}

export function withCaptureFault(state: CaptureState, fault: Fault, now: number): CaptureState {
  return { ...state, problems: withProblem(state.problems, fault, now) };
}

export function saveCapture(state: CaptureState): CaptureState {
  const slot = state.slot && { ...state.slot, notes: state.slot.notes.slice(0, 2) };
  return {
    ...state,
    ...(slot ? { slot } : {}),
    trouble: carriedTrouble(state.trouble),
    problems: carriedProblems(state.problems),
  };
}

/** `ended`: the workflow has done its last; until then one that was told to stop is shown as it still is. */
export function captureStatus(state: CaptureState, pipeline: Pipeline, ended = false): CaptureStatus {
  const status = ended ? 'STOPPED' : statusName(state, pipeline.source.tables);
  const { progress, slot, trouble, copyPaused } = state;
  const copy = copyPaused === true ? { copyPaused } : {};
  return { status, progress, ...copy, ...(slot ? { slot } : {}), problem: trouble.problem ?? slotProblem(slot) };
}

function isLost({ trouble }: CaptureState): boolean {
  return trouble.blocked && trouble.problem?.reason === 'slot-lost';
}

function statusName(state: CaptureState, tables: readonly string[]): StatusName {
  const { paused, trouble, progress, slot } = state;
  // Before what somebody asked for: a pause is what slots are lost by, and whoever asked for it has to hear of it.
  if (isLost(state)) return 'BLOCKED';
  if (paused) return slot?.level === 'danger' ? 'DEGRADED' : 'PAUSED';
  if (trouble.blocked) return 'BLOCKED';
  if (trouble.failures > 0 || slot?.level === 'danger') return 'DEGRADED';
  if (!progress) return 'STARTING';
  return tables.every((table) => progress.copies[table]?.done) ? 'LIVE' : 'COPYING';
}
