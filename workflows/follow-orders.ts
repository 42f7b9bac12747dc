import { align, type Order } from './follow-align';
import type { FollowState, Role } from './follow-state';
import { isHeld, parkedOrderFor } from './parked-orders';

/** What the lane of this role is to run now; null: nothing. Pure, asked again after every await. */
export function orderFor(state: FollowState, role: Role, prefix: string): Order | null {
  const { live, next } = state;
  const lane = state[role];
  if (state.paused || state.stopping) return null;
  if (!lane || lane.mappingHash === null || lane.trouble.blocked) return null;
  // What the store says of it then changes whose lane is whose.
  if (next?.givenUp) return null;
  if (!next || next.phase === 'building') {
    const parkedOrder = parkedOrderFor(state, role);
    if (parkedOrder) return { parkedOrder };
    // A lane that has caught up says so at once; one that follows, or waits for a person, runs to the end of its time.
    return (role === 'next' && !isHeld(state)) || !lane.caughtUp ? { endWhenCaughtUp: true } : {};
  }
  if (next.phase === 'promoting') return null;
  const alignment = align(live, next, prefix);
  return alignment.kind === 'run' && alignment.role === role ? alignment.order : null;
}

/**
 * What happens around the lanes. `begin`: find the log, ask the store. `settle`: ask it whether readers use a build that is given
 * up. `order`: check an ordered rebuild. `prepare`: create the next generation. `look`: ask the store how far a blocked live lane came. `promote`. `tidy`: drop what
 * nobody needs.
 */
export type Step = 'begin' | 'settle' | 'order' | 'prepare' | 'look' | 'promote' | 'tidy';

/** The next step; null: wait for the lanes or for people. Pure. */
export function nextStep(
  state: FollowState,
  context: { readonly prefix: string; readonly idle: boolean },
): Step | null {
  const { live, next, ordered } = state;
  if (state.paused || state.stopping || state.trouble.blocked) return null;
  if (state.logId === null) return 'begin';
  if (next?.givenUp) return context.idle ? 'settle' : null;
  if (ordered && !next) return 'order';
  if (next && next.mappingHash === null) return 'prepare';
  if (live && next?.phase === 'aligning' && context.idle && align(live, next, context.prefix).kind === 'look')
    return 'look';
  // Invariant 7: nothing writes while readers are switched.
  if (next?.phase === 'promoting' && context.idle) return 'promote';
  // Before the first promotion nothing is dropped: until then, what is old may be all that readers have.
  return state.untidy && live ? 'tidy' : null;
}
