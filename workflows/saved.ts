import type { Offsets } from '../model/offsets';
import type { StoreDefinition } from '../model/pipeline';
import type { LaneProgress } from '../model/status';
import type { BuildState, FollowState, LaneState } from './follow-state';
import { carriedProblems, shortened } from './problems';
import { sameJson } from './same';
import type { Trouble } from './breaker';

/**
 * `FollowState` on its way to the next run: at most 4 KB for 64 partitions. Offsets are one line per topic, and a
 * definition that is the pipeline's own is left out.
 */
export type SavedFollowState = Omit<FollowState, 'live' | 'next'> & {
  readonly version: 1;
  readonly live: SavedLane<LaneState> | null;
  readonly next: SavedLane<BuildState> | null;
};

type SavedLane<Lane extends LaneState> = Omit<Lane, 'definition' | 'progress'> & {
  /** null: the pipeline's. */
  readonly definition: StoreDefinition | null;
  readonly progress: (Omit<LaneProgress, 'next'> & { readonly next: SavedOffsets }) | null;
};

/** Topic without the log's prefix → offsets of partitions 0, 1, 2 …, comma-separated; nothing for an unknown one. */
export type SavedOffsets = Readonly<Record<string, string>>;

export interface SavedWith {
  readonly prefix: string;
  readonly definition: StoreDefinition;
}

export function saveFollow(state: FollowState, own: SavedWith): SavedFollowState {
  return {
    ...state,
    version: 1,
    live: state.live && saveLane(state.live, own),
    next: state.next && saveLane(state.next, own),
    trouble: carriedTrouble(state.trouble),
    problems: carriedProblems(state.problems),
  };
}

export function restoreFollow(saved: SavedFollowState, own: SavedWith): FollowState {
  const { live, next } = saved;
  return { ...saved, live: live && restoreLane(live, own), next: next && restoreLane(next, own) };
}

function saveLane<Lane extends LaneState>(lane: Lane, { prefix, definition }: SavedWith): SavedLane<Lane> {
  const { progress } = lane;
  return {
    ...lane,
    definition: sameJson(lane.definition, definition) ? null : lane.definition,
    progress: progress && { ...progress, next: saveOffsets(progress.next, prefix) },
    trouble: carriedTrouble(lane.trouble),
  };
}

function restoreLane<Lane extends LaneState>(saved: SavedLane<Lane>, own: SavedWith): Lane {
  const { progress } = saved;
  const complete = {
    ...saved,
    definition: saved.definition ?? own.definition,
    progress: progress && { ...progress, next: restoreOffsets(progress.next, own.prefix) },
  };
  return complete as unknown as Lane;
}

export function carriedTrouble(trouble: Trouble): Trouble {
  return { ...trouble, problem: trouble.problem && shortened(trouble.problem) };
}

export function saveOffsets(offsets: Offsets, prefix: string): SavedOffsets {
  const start = `${prefix}.`;
  return Object.fromEntries(
    Object.entries(offsets).map(([topic, partitions]) => {
      const count = Math.max(-1, ...Object.keys(partitions).map(Number)) + 1;
      const line = Array.from({ length: count }, (_, partition) => partitions[String(partition)] ?? '').join(',');
      return [topic.startsWith(start) ? topic.slice(prefix.length) : topic, line];
    }),
  );
}

export function restoreOffsets(saved: SavedOffsets, prefix: string): Offsets {
  return Object.fromEntries(
    Object.entries(saved).map(([topic, line]) => {
      const partitions = line
        .split(',')
        .flatMap((offset, partition) => (offset === '' ? [] : [[String(partition), offset]]));
      return [topic.startsWith('.') ? `${prefix}${topic}` : topic, Object.fromEntries(partitions)];
    }),
  );
}
