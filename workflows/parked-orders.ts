import type { FollowSliceResult } from '../activities/activities';
import type { ParkedOrder } from '../model/poison';
import { afterRetry } from './breaker';
import type { Order } from './follow-align';
import type { FollowState, LaneState, Role } from './follow-state';
import type { ParkedMessage } from './messages';
import type { Order as Operators } from './operators';
import { withProblem } from './problems';

/** Enough for somebody who goes through them one by one; a script may wait for its turn. */
const waitingOrders = 20;

/** Whose parked records orders are about: what readers use, unless a build is held up by its own, or there is no other. */
export function parkedOrderRole(state: Pick<FollowState, 'live' | 'next'>): Role {
  return state.live && !isHeld(state) ? 'live' : 'next';
}

/**
 * Readers would lose rows by the promotion: the next generation has parked more than the live one. It follows the log and
 * waits until the records go through, or somebody accepts it. A first build holds nobody up: there is nothing to lose.
 */
export function isHeld({ live, next }: Pick<FollowState, 'live' | 'next'>): boolean {
  return live !== null && next !== null && next.parkedAccepted !== true && parkedOf(next) > parkedOf(live);
}

function parkedOf({ progress }: LaneState): number {
  return progress?.parked?.records ?? 0;
}

/** What is wrong with a well-formed order; null: nothing. */
export function refuseParked(state: FollowState, order: Operators): string | null {
  if (order.name !== 'parked') return null;
  if (order.parked.action === 'accept') {
    return state.next ? null : 'parked: nothing is being built, so there is nothing to accept.';
  }
  const waiting = state.parkedOrders?.length ?? 0;
  return waiting < waitingOrders ? null : `parked: ${waiting} orders wait already. Send it again when they are done.`;
}

/** `id`: of its time. What is blocked for too much poison gets to run, since these orders are the way out of it. */
export function parkedOrdered(state: FollowState, message: ParkedMessage, id: string): FollowState {
  const { action, key, offset } = message;
  if (action === 'accept') return { ...state, next: state.next && { ...state.next, parkedAccepted: true } };
  const waiting = state.parkedOrders ?? [];
  const order: ParkedOrder = {
    id: `${id}-${waiting.length}`,
    action,
    ...(key === undefined ? {} : { key }),
    ...(offset === undefined ? {} : { offset }),
  };
  const freed = (lane: LaneState) => ({ trouble: afterRetry(lane.trouble) });
  return {
    ...state,
    parkedOrders: [...waiting, order],
    live: state.live && { ...state.live, ...freed(state.live) },
    next: state.next && { ...state.next, ...freed(state.next) },
  };
}

/** An order is forgotten once its slice has returned; what is newly parked is told among the errors, each once. */
export function parkedTold(state: FollowState, order: Order, result: FollowSliceResult): FollowState {
  const done = result.ended === 'parked-order' ? order.parkedOrder?.id : undefined;
  const left = state.parkedOrders?.filter(({ id }) => id !== done);
  const known = new Set(state.problems.map(({ message }) => message));
  const problems = (result.parked ?? [])
    .filter(({ message }) => !known.has(message.slice(0, 1_000)))
    .reduce(
      (all, { reason, message }) => withProblem(all, { type: 'Parked', reason, message }, result.progress.at),
      state.problems,
    );
  return { ...state, ...(left === undefined ? {} : { parkedOrders: left }), problems };
}
