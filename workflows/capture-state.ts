import type { CaptureSliceResult } from '../activities/activities';
import type { Pipeline } from '../model/pipeline';
import type { CaptureProgress, CaptureStatus, Problem, StatusName } from '../model/status';
import { afterFailure, afterRetry, noTrouble, type Trouble } from './breaker';
import type { Failure } from './failures';
import { carriedProblems, withProblem, type Fault } from './problems';
import { defaultEventLimit } from './running';
import { carriedTrouble } from './saved';

/** All that `capture` decides by, and what it tells its next run. Plain JSON, at most 4 KB for 16 tables. */
export interface CaptureState {
  readonly version: 1;
  readonly eventLimit: number;
  readonly paused: boolean;
  readonly stopping: boolean;
  /** null: source and log are not prepared. */
  readonly logId: string | null;
  readonly progress: CaptureProgress | null;
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

export function captureSliceEnded(state: CaptureState, result: CaptureSliceResult): CaptureState {
  const taskQueue = result.ended === 'worker-shutdown' ? null : result.taskQueue;
  return { ...state, progress: result.progress, taskQueue, trouble: noTrouble };
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
  return { ...state, trouble: carriedTrouble(state.trouble), problems: carriedProblems(state.problems) };
}

/** `ended`: the workflow has done its last; until then one that was told to stop is shown as it still is. */
export function captureStatus(state: CaptureState, pipeline: Pipeline, ended = false): CaptureStatus {
  const status = ended ? 'STOPPED' : statusName(state, pipeline.source.tables);
  return { status, progress: state.progress, problem: state.trouble.problem };
}

function statusName(state: CaptureState, tables: readonly string[]): StatusName {
  const { paused, trouble, progress } = state;
  if (paused) return 'PAUSED';
  if (trouble.blocked) return 'BLOCKED';
  if (trouble.failures > 0) return 'DEGRADED';
  if (!progress) return 'STARTING';
  return tables.every((table) => progress.copies[table]?.done) ? 'LIVE' : 'COPYING';
}
