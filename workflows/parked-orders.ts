import type { FollowSliceResult } from '../activities/activities';
import type { ParkedOrder } from '../model/poison';
import { afterRetry } from './breaker';
import type { Order } from './follow-align';
import type { FollowState, LaneState, Role, WaitingParkedOrder } from './follow-state';
import type { ParkedMessage } from './messages';
import type { Order as Operators } from './operators';
import { withProblem } from './problems';

/** Enough for somebody who goes through them one by one; a script may wait for its turn. */
const waitingOrders = 20;

type Lanes = Pick<FollowState, 'live' | 'next' | 'parkedOrders'>;

/** The first order for the lane of this role; undefined: none waits. */
export function parkedOrderFor(state: Lanes, role: Role): ParkedOrder | undefined {
  const { live, next } = state;
  const own = state[role]?.number;
  const found = stillMeant(state).find(({ generation = (live ?? next)?.number }) => generation === own);
  return found && bare(found);
}

function bare({ generation: _generation, ...order }: WaitingParkedOrder): ParkedOrder {
  return order;
}

/** Of a build that was given up nothing is left to be done, and no other generation was meant. */
function stillMeant({ live, next, parkedOrders = [] }: Lanes): readonly WaitingParkedOrder[] {
  const there = [undefined, live?.number, next?.number];
  return parkedOrders.filter(({ generation }) => there.includes(generation));
}

/**
 * A build that is held up by what it has parked; undefined: what readers use. One that was blocked by it within its first slice has
 * told nobody how much it is; and once an order for it waits, it is blocked no more.
 */
function stuckBuild(state: Lanes): number | undefined {
  const { live, next } = state;
  if (live === null || next === null) return undefined;
  const isStuck =
    isHeld(state) ||
    next.trouble.problem?.reason === 'too-much-poison' ||
    stillMeant(state).some(({ generation }) => generation === next.number);
  return isStuck ? next.number : undefined;
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
  const generation = stuckBuild(state);
  const order: WaitingParkedOrder = {
    id: `${id}-${waiting.length}`,
    action,
    ...(generation === undefined ? {} : { generation }),
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

/** What somebody who sent an order has to know: it was about nothing, and nothing was done. null: it was about something, or waits. */
export function whyUnmet(order: ParkedOrder | undefined, { ended, obeyed }: FollowSliceResult): string | null {
  if (order?.key === undefined || ended !== 'parked-order' || obeyed !== 0) return null;
  const { action, key, offset = 'all' } = order;
  const which = offset === 'all' ? `No record of key '${key}'` : `The record at offset ${offset} of key '${key}'`;
  return `parked: ${which} is ${offset === 'all' ? '' : 'not '}parked, so there is nothing to ${action}. See: slipstream parked list.`;
}

/** An order is forgotten once its slice has returned; what is newly parked is told among the errors, each once. */
export function parkedTold(state: FollowState, order: Order, result: FollowSliceResult): FollowState {
  const done = result.ended === 'parked-order' ? order.parkedOrder?.id : undefined;
  const left = state.parkedOrders && stillMeant(state).filter(({ id }) => id !== done);
  const why = whyUnmet(order.parkedOrder, result);
  const before =
    why === null
      ? state.problems
      : withProblem(state.problems, { type: 'InvalidMessage', message: why }, result.progress.at);
  const known = new Set(state.problems.map(({ message }) => message));
  const problems = (result.parked ?? [])
    .filter(({ message }) => !known.has(message.slice(0, 1_000)))
    .reduce(
      (all, { reason, message }) => withProblem(all, { type: 'Parked', reason, message }, result.progress.at),
      before,
    );
  return { ...state, ...(left === undefined ? {} : { parkedOrders: left }), problems };
}
