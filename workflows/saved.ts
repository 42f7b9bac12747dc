import { positionsTopic, tableTopic } from '../model/names';
import type { Offsets } from '../model/offsets';
import type { StoreDefinition } from '../model/pipeline';
import type { LaneProgress } from '../model/status';
import type { BuildState, FollowState, LaneState } from './follow-state';
import { carriedProblems, shortened } from './problems';
import { sameJson } from './same';
import type { Trouble } from './breaker';

/**
 * `FollowState` on its way to the next run: at most 4 KB for 64 partitions. Topics are known by their
 * order, and a definition that is the pipeline's own is left out.
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

export interface SavedOffsets {
  /** Per topic of the generation, semicolons between: offsets of partitions 0, 1, 2 …, commas between. */
  readonly lines: string;
  /** Of topics that are none of the generation's. */
  readonly others: Offsets;
}

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
    progress: progress && { ...progress, next: saveOffsets(progress.next, topicsOf(prefix, lane.definition)) },
    trouble: carriedTrouble(lane.trouble),
  };
}

function restoreLane<Lane extends LaneState>(saved: SavedLane<Lane>, own: SavedWith): Lane {
  const { progress } = saved;
  const definition = saved.definition ?? own.definition;
  const topics = topicsOf(own.prefix, definition);
  const complete = {
    ...saved,
    definition,
    progress: progress && { ...progress, next: restoreOffsets(progress.next, topics) },
  };
  return complete as unknown as Lane;
}

export function carriedTrouble(trouble: Trouble): Trouble {
  return { ...trouble, problem: trouble.problem && shortened(trouble.problem) };
}

export function saveOffsets(offsets: Offsets, topics: readonly string[]): SavedOffsets {
  const others = Object.fromEntries(Object.entries(offsets).filter(([topic]) => !topics.includes(topic)));
  return { lines: topics.map((topic) => line(offsets[topic] ?? {})).join(';'), others };
}

export function restoreOffsets({ lines, others }: SavedOffsets, topics: readonly string[]): Offsets {
  const read = lines.split(';').map((text) => partitionsOf(text));
  const known = topics.flatMap((topic, index) => (read[index] ? [[topic, read[index]] as const] : []));
  return { ...Object.fromEntries(known), ...others };
}

/** The positions topic, then those of the tables in the order of their names, which no rewriting of JSON changes. */
export function topicsOf(prefix: string, definition: StoreDefinition): readonly string[] {
  const tables = Object.keys(definition.tables).sort();
  return [positionsTopic(prefix), ...tables.map((table) => tableTopic(prefix, table))];
}

function line(partitions: Readonly<Record<string, string>>): string {
  const count = Math.max(-1, ...Object.keys(partitions).map(Number)) + 1;
  return Array.from({ length: count }, (_, partition) => partitions[String(partition)] ?? '').join(',');
}

function partitionsOf(text: string): Record<string, string> | null {
  if (text === '') return null;
  const offsets = text.split(',').map((offset, partition) => [String(partition), offset] as const);
  return Object.fromEntries(offsets.filter(([, offset]) => offset !== ''));
}
