import { owner } from '../fixture';
import type { Owner } from '../../../stores/store';

/** What must be known of a generation to say what every operation on it does. */
export interface Lane {
  owner: Owner | null;
  /** What the store's record says. */
  next: number;
  /** A transaction that a process holds open beyond it; nobody else sees it. */
  held: { readonly process: number; readonly next: number } | null;
  /** Processes that held one and lost it: they are refused, or begin again at the record. */
  readonly lost: Set<number>;
}

/** The reference that stores are compared with: small enough to be seen to be right. */
export interface Reference {
  readonly lanes: Map<number, Lane>;
  readonly dropped: Set<number>;
  live: number | null;
  /** Of the last owner there was. */
  clock: number;
  /** The owner that each process had last in each generation, replaced or not. */
  readonly had: Map<string, Owner>;
}

export function createReference(): Reference {
  return { lanes: new Map(), dropped: new Set(), live: null, clock: 1000, had: new Map() };
}

export type Place = { readonly process: number; readonly generation: number };
const keyOf = ({ process, generation }: Place) => `${process}/${generation}`;

/** Who this process writes as: nobody ever, if it never had the lane. */
export function ownerHad({ had }: Reference, place: Place): Owner {
  return had.get(keyOf(place)) ?? ownerOf(1, place);
}

export function ownerOf(scheduledMs: number, { process }: Place): Owner {
  return { ...owner(scheduledMs), runId: `run-${process}` };
}

/** The next owner that nobody has been. */
export function newerOwner(reference: Reference, place: Place): Owner {
  reference.clock += 10;
  return ownerOf(reference.clock, place);
}

export function owns(lane: Lane, candidate: Owner): boolean {
  return lane.owner?.scheduledMs === candidate.scheduledMs && lane.owner.runId === candidate.runId;
}

export function mayTake(lane: Lane, candidate: Owner): boolean {
  if (lane.owner === null) return true;
  // Of two of one moment the same one wins always.
  const later = candidate.scheduledMs - lane.owner.scheduledMs;
  return later > 0 || (later === 0 && candidate.runId >= lane.owner.runId);
}

/** What asking for a lane does, whether it is given or not: the process's own transaction is over. */
export function endOwnTransaction(lane: Lane, { process }: Place): void {
  lane.lost.delete(process);
  if (lane.held?.process === process) lane.held = null;
}

/** The lane has another owner: a transaction of the one before ends with it. */
export function take(reference: Reference, place: Place, candidate: Owner): void {
  const lane = reference.lanes.get(place.generation);
  if (!lane) return;
  loseHeld(lane);
  lane.owner = candidate;
  reference.had.set(keyOf(place), candidate);
}

export function loseHeld(lane: Lane): void {
  if (lane.held) lane.lost.add(lane.held.process);
  lane.held = null;
}

/** Where a batch of this process has to begin. */
export function baseOf(lane: Lane, { process }: Place): number {
  return lane.held?.process === process ? lane.held.next : lane.next;
}

/** What becomes of a batch of the lane's owner. `repeated`: all of it is there. */
export function judge(base: number, { from, to }: { from: number; to: number }): 'apply' | 'repeated' | 'behind' {
  if (from === base) return 'apply';
  return to === base ? 'repeated' : 'behind';
}
