import type { Activities } from '../activities/activities';
import type { StoreDefinition } from '../model/pipeline';
import { firstBuild, newBuild, newLane, type FollowState, type LaneState } from './follow-state';
import { sameMapping } from './same';

type Inspection = Awaited<ReturnType<Activities['inspectStore']>>;
type Found = Inspection['generations'][number];

/**
 * What to do with what the store says it holds, pure. The store's own record decides, with no help from Temporal: the
 * live generation goes on under the definition it was built with, if it was filled from this log; a build under way for
 * the wanted definition goes on too; everything else is built anew under a number never used before.
 */
export function planned(
  state: FollowState,
  input: { readonly logId: string; readonly inspection: Inspection; readonly definition: StoreDefinition },
): FollowState {
  const { logId, inspection, definition } = input;
  const { generations } = inspection;
  const current = generations.find(({ number }) => number === inspection.live) ?? null;
  // Invariant 9: a generation of another log cannot be followed on, its offsets mean nothing in this one.
  const live = current && current.logId === logId ? adopted(current, definition) : null;
  const lastNumber = Math.max(state.lastNumber, ...generations.map(({ number }) => number));
  const base = { ...state, logId, lastNumber, live };
  if (live && sameMapping(live.definition, definition)) {
    return { ...base, next: null, untidy: generations.length > 1 };
  }

  const reason = live ? 'definition changed' : current ? 'log replaced' : firstBuild;
  const underWay = generations
    .filter(({ number }) => number > (inspection.live ?? 0))
    .filter((found) => found.logId === logId && sameMapping(found.definition, definition))
    .reduce<Found | null>((newest, found) => (newest && newest.number > found.number ? newest : found), null);
  const number = underWay?.number ?? lastNumber + 1;
  // One that is under way is prepared again all the same: whoever made it may have died in between.
  const lane = newLane({ number, definition, logId });
  return {
    ...base,
    lastNumber: Math.max(lastNumber, number),
    next: newBuild(lane, reason),
    untidy: generations.some((found) => found.number !== live?.number && found.number !== number),
  };
}

/**
 * Offsets are those of the store's record; whoever wrote it last may still be at it, so the rest is unknown. What becomes
 * of poison is no part of what the generation holds: the present file says it.
 */
function adopted(found: Found, present: StoreDefinition): LaneState {
  const { number, logId, mappingHash } = found;
  const { poison } = present;
  const kept = foundAt(found.definition, present);
  delete kept.poison;
  const definition = poison === undefined ? kept : { ...kept, poison };
  return { ...newLane({ number, definition, logId }), mappingHash };
}

/**
 * It was found at the address that the present file names. Whoever followed, or dropped, it at the one that was named when it was
 * built would write to a server that nobody speaks of any more, and say that this one is LIVE.
 */
function foundAt(definition: StoreDefinition, { url }: StoreDefinition): StoreDefinition {
  return { ...definition, url };
}

/** The generations nobody needs: neither followed, nor built, nor what readers still see. */
export function leftovers(state: FollowState, inspection: Inspection, present: StoreDefinition): readonly Found[] {
  const needed = [state.live?.number, state.next?.number, inspection.live];
  return inspection.generations
    .filter(({ number }) => !needed.includes(number))
    .map((found) => ({ ...found, definition: foundAt(found.definition, present) }));
}
