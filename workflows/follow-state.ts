import type { StoreDefinition } from '../model/pipeline';
import type { ParkedOrder } from '../model/poison';
import type { LaneProgress, Problem } from '../model/status';
import { noTrouble, type Trouble } from './breaker';
import { defaultEventLimit } from './running';

/**
 * What is known of a lane that does not run: `unknown` when its last slice did not return (the store may hold more than
 * is remembered, and an old attempt may still write); `anywhere` when it returned, maybe within a large transaction;
 * `closed` when it stands at a closed record.
 */
export type Rest = 'unknown' | 'anywhere' | 'closed';

/** One generation and the lane that fills it. */
export interface LaneState {
  readonly number: number;
  readonly definition: StoreDefinition;
  readonly logId: string;
  /** null: not prepared yet. */
  readonly mappingHash: string | null;
  readonly progress: LaneProgress | null;
  readonly caughtUp: boolean;
  readonly rest: Rest;
  /** Where its session is warm. */
  readonly taskQueue: string | null;
  readonly trouble: Trouble;
}

/**
 * `building`: from the start of the log until it has caught up and every copy is done. `aligning`: both lanes are
 * brought to one closed record. `promoting`: nothing writes, readers are switched.
 */
export type Phase = 'building' | 'aligning' | 'promoting';

export interface BuildState extends LaneState {
  readonly reason: string;
  readonly phase: Phase;
  /** A promotion was begun whose end is not known: readers may use it, so it must look to them like the live one. */
  readonly exposed: boolean;
  /** Blocked, and another was ordered in its place: the store has to say first whether readers use it. Absent: no. */
  readonly givenUp?: true;
  /** While aligning: it has seen the end of the log with the live lane at rest. */
  readonly sawEnd: boolean;
  /** Somebody has said that it may be promoted with what it has parked. Absent: no. */
  readonly parkedAccepted?: true;
}

export interface OrderedRebuild {
  readonly reason: string;
  /** As ordered, unchecked; null: the definition in use. */
  readonly definition: unknown;
}

export interface WaitingParkedOrder extends ParkedOrder {
  /** The build whose parked records it is about. Absent: what readers use when it is obeyed, or the first build. */
  readonly generation?: number;
}

/** All that `follow` decides by. Plain JSON; `saved.ts` says how it travels to the next run. */
export interface FollowState {
  readonly eventLimit: number;
  readonly paused: boolean;
  readonly stopping: boolean;
  /** null: nothing is known of the log and the store yet. */
  readonly logId: string | null;
  /** Numbers are never used twice. */
  readonly lastNumber: number;
  readonly live: LaneState | null;
  readonly next: BuildState | null;
  readonly ordered: OrderedRebuild | null;
  /** What is to be done with parked records, and not done yet. Absent: nothing. */
  readonly parkedOrders?: readonly WaitingParkedOrder[];
  /** There may be generations in the store that are neither live nor wanted. */
  readonly untidy: boolean;
  /** How the steps around the lanes fare. */
  readonly trouble: Trouble;
  readonly problems: readonly Problem[];
}

export type Role = 'live' | 'next';

export const firstBuild = 'first build';

export const initialFollowState: FollowState = {
  eventLimit: defaultEventLimit,
  paused: false,
  stopping: false,
  logId: null,
  lastNumber: 0,
  live: null,
  next: null,
  ordered: null,
  untidy: false,
  trouble: noTrouble,
  problems: [],
};

export function newLane(input: Pick<LaneState, 'number' | 'definition' | 'logId'>): LaneState {
  return {
    ...input,
    mappingHash: null,
    progress: null,
    caughtUp: false,
    rest: 'unknown',
    taskQueue: null,
    trouble: noTrouble,
  };
}

export function newBuild(lane: LaneState, reason: string): BuildState {
  return { ...lane, reason, phase: 'building', exposed: false, sawEnd: false };
}

/** `state` with the lane of one role replaced; a role that is empty stays so. */
export function withLane(state: FollowState, role: Role, change: Partial<LaneState>): FollowState {
  if (role === 'live') return state.live ? { ...state, live: { ...state.live, ...change } } : state;
  return state.next ? { ...state, next: { ...state.next, ...change } } : state;
}

export function withBuild(state: FollowState, change: Partial<BuildState>): FollowState {
  return state.next ? { ...state, next: { ...state.next, ...change } } : state;
}
