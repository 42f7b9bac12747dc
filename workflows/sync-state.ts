import { rolledUp } from '../model/roll-up';
import type { CaptureStatus, PipelineStatus, Problem, StatusName, StoreStatus } from '../model/status';
import { breakerDelayMs } from './breaker';
import type { CopyOrder, ParkedMessage, RebuildOrder } from './messages';
import { carriedProblems, withProblem, type Fault } from './problems';
import { defaultEventLimit } from './running';

/**
 * A child as `sync` knows it. `unknown`: to be asked. `asked`: the message arrived, no answer yet. `running`: it
 * reports. `gone`: to be started. `stopped`: it ended because it was told to, and stays so until `resume`.
 */
export interface ChildState {
  readonly phase: 'unknown' | 'asked' | 'running' | 'gone' | 'stopped';
  /** Of the last thing heard from it or said to it, milliseconds since the Unix epoch. */
  readonly since: number;
  /** Not to be started before this time. */
  readonly startAt: number;
  /** How often it ended by itself since it was last LIVE. */
  readonly endings: number;
  /** The run id under which this run of `sync` has started it and is told when it ends; null: it is asked now and then. */
  readonly watched: string | null;
  readonly paused: boolean;
  /** Of capture. Absent: no. */
  readonly copyPaused?: boolean;
  readonly status: StatusName;
}

/** An operator's message on its way to a child. */
export type Relayed =
  | { readonly child: string; readonly name: 'pause' | 'resume' | 'retry' | 'stop' }
  | { readonly child: string; readonly name: 'rebuild'; readonly rebuild: RebuildOrder }
  | { readonly child: string; readonly name: 'copy'; readonly copy: CopyOrder }
  | { readonly child: string; readonly name: 'parked'; readonly parked: ParkedMessage };

/** All that `sync` tells its next run. Plain JSON; children report anew, so their progress is left out. */
export interface SyncState {
  readonly version: 1;
  readonly eventLimit: number;
  readonly stopping: boolean;
  /** `capture`, then the stores in the order of the file. */
  readonly children: Readonly<Record<string, ChildState>>;
  readonly outbox: readonly Relayed[];
  readonly problems: readonly Problem[];
}

export const initialSyncState: SyncState = {
  version: 1,
  eventLimit: defaultEventLimit,
  stopping: false,
  children: {},
  outbox: [],
  problems: [],
};

const newChild: ChildState = {
  phase: 'unknown',
  since: 0,
  startAt: 0,
  endings: 0,
  watched: null,
  paused: false,
  status: 'STARTING',
};

export function childNames(stores: readonly string[]): readonly string[] {
  return ['capture', ...stores];
}

/** The children of a pipeline: those known from an earlier run are asked again, since its watch ended with it. */
export function withChildren(state: SyncState, names: readonly string[]): SyncState {
  const known = (name: string): ChildState => {
    const child = state.children[name] ?? newChild;
    return { ...child, watched: null, phase: child.phase === 'stopped' ? 'stopped' : 'unknown' };
  };
  return { ...state, children: Object.fromEntries(names.map((name) => [name, known(name)])) };
}

export function withChild(state: SyncState, name: string, change: Partial<ChildState>): SyncState {
  const child = state.children[name];
  return child ? { ...state, children: { ...state.children, [name]: { ...child, ...change } } } : state;
}

/** It ended and was not told to. The first time it is started again at once, then later and later. */
export function childEnded(state: SyncState, name: string, event: { fault: Fault | null; now: number }): SyncState {
  const child = state.children[name];
  if (!child || child.phase === 'stopped' || child.phase === 'gone') return state;
  const { fault, now } = event;
  const endings = child.endings + (fault ? 1 : 0);
  const startAt = now + breakerDelayMs(endings - 1);
  const gone = withChild(state, name, { phase: 'gone', watched: null, since: now, endings, startAt });
  return fault ? withSyncFault(gone, fault, now) : gone;
}

/**
 * It returned, which it does only when it was told to stop. Its report has come before; so may have a `resume`, which
 * found it still at its end.
 */
export function childFinished(state: SyncState, name: string, now: number): SyncState {
  const phase = state.children[name]?.phase;
  if (phase === 'running' || phase === 'stopped') {
    return withChild(state, name, { phase: 'stopped', watched: null, status: 'STOPPED' });
  }
  return withChild(state, name, { phase: 'gone', watched: null, startAt: now });
}

export function childReported(state: SyncState, name: string, event: { status: StatusName; now: number }): SyncState {
  const { status, now } = event;
  const endings = status === 'LIVE' ? 0 : state.children[name]?.endings;
  const phase = status === 'STOPPED' ? 'stopped' : 'running';
  return withChild(state, name, { phase, status, since: now, ...(endings === undefined ? {} : { endings }) });
}

/** The order of an operator for one child; what `sync` must remember of it for a child that is started again. */
export function relayed(state: SyncState, message: Relayed, now: number): SyncState {
  const { child: name } = message;
  const child = state.children[name];
  if (!child) return state;
  const outbox = [...state.outbox, message];
  switch (message.name) {
    case 'pause':
      return withChild({ ...state, outbox }, name, { paused: true });
    case 'resume':
      if (child.phase !== 'stopped') return withChild({ ...state, outbox }, name, { paused: false });
      return withChild(state, name, { phase: 'gone', startAt: now, paused: false, endings: 0, status: 'STARTING' });
    case 'copy': {
      const { action } = message.copy;
      if (action === undefined) return { ...state, outbox };
      return withChild({ ...state, outbox }, name, { copyPaused: action === 'pause' });
    }
    case 'retry':
    case 'stop':
    case 'rebuild':
    case 'parked':
      return { ...state, outbox };
  }
}

/** About how a child runs, and for one that has ended: what counts is how it is started again. */
export function isLate(state: SyncState, { child, name }: Relayed): boolean {
  return state.children[child]?.phase === 'stopped' && ofRunning.has(name);
}

const ofRunning: ReadonlySet<Relayed['name']> = new Set(['pause', 'resume', 'retry', 'stop']);

/** A `stop` that waited for the next run would end it as soon as it has begun, a `pause` would outlive its `resume`. */
export function toldLate(state: SyncState, message: Relayed, now: number): SyncState {
  const { child, name } = message;
  if (name === 'pause') return withChild(state, child, { paused: true });
  if (name !== 'resume') return state;
  const outbox = state.outbox.filter((each) => each.child !== child || !ofRunning.has(each.name));
  return relayed({ ...state, outbox }, message, now);
}

/** Orders on their way are part of what the next run is told, so they are bounded. */
const mostWaiting = 50;

/** Why these orders cannot be taken; null: they can. One that was dropped without a word nobody would send again. */
export function noRoomFor(state: SyncState, messages: readonly Relayed[]): string | null {
  const { outbox } = state;
  if (outbox.length + messages.filter((message) => !isLate(state, message)).length <= mostWaiting) return null;
  const receivers = [...new Set(outbox.map(({ child }) => child))].join(', ');
  return `${outbox.length} orders wait already, for ${receivers}. Send it again once that runs.`;
}

export function withSyncFault(state: SyncState, fault: Fault, now: number): SyncState {
  return { ...state, problems: withProblem(state.problems, fault, now) };
}

export function saveSync(state: SyncState): SyncState {
  return { ...state, problems: carriedProblems(state.problems) };
}

export function pipelineStatus(
  pipeline: string,
  capture: CaptureStatus,
  stores: Readonly<Record<string, StoreStatus>>,
): PipelineStatus {
  const parts = [capture.status, ...Object.values(stores).map(({ status }) => status)];
  return { pipeline, status: rolledUp(parts), capture, stores };
}
