import type { GenerationStatus, Problem, StatusName, StoreStatus } from '../model/status';
import { firstBuild, type FollowState, type LaneState } from './follow-state';
import { isHeld } from './parked-orders';

/** `ended`: the workflow has done its last; until then one that was told to stop is shown as it still is. */
export function storeStatus(store: string, state: FollowState, ended = false): StoreStatus {
  const { live, next } = state;
  const generations = [
    ...(live ? [generation(live, 'live')] : []),
    ...(next && next.mappingHash !== null ? [generation(next, 'building')] : []),
  ];
  const rebuild = next && next.reason !== firstBuild ? { reason: next.reason, phase: next.phase } : null;
  return {
    store,
    status: ended ? 'STOPPED' : statusName(state),
    generations,
    rebuild,
    ...(next?.caughtUp && isHeld(state) ? { held: true as const } : {}),
    problem: currentProblem(state),
  };
}

/** One word for everything. What an operator ordered comes first, then what needs a person, then what passes. */
export function statusName(state: FollowState): StatusName {
  const { live, next, trouble } = state;
  if (state.paused) return 'PAUSED';
  if (trouble.blocked || next?.trouble.blocked) return 'BLOCKED';
  // A healthy build is the way out for a live lane that is blocked.
  if (live?.trouble.blocked && !next) return 'BLOCKED';
  if (trouble.failures > 0 || (live?.trouble.failures ?? 0) > 0 || (next?.trouble.failures ?? 0) > 0) return 'DEGRADED';
  if (!live && !next?.mappingHash) return 'STARTING';
  if (next) return live ? 'REBUILDING' : 'CATCHING_UP';
  return live?.caughtUp ? 'LIVE' : 'CATCHING_UP';
}

function currentProblem({ trouble, live, next }: FollowState): Problem | null {
  return trouble.problem ?? live?.trouble.problem ?? next?.trouble.problem ?? null;
}

function generation(lane: LaneState, role: GenerationStatus['role']): GenerationStatus {
  return { number: lane.number, mappingHash: lane.mappingHash ?? '', role, progress: lane.progress };
}
