import type { SlotHealth } from './slot-sample';
import type { Problem } from './status';

/** The `type` of the problem that makes capture DEGRADED although it works: its slot may be lost. Published. */
export const slotAtRisk = 'SlotAtRisk';

/** What people are told of a slot in danger; null while there is none. `lost` is a `Blocked`, and no business of this. */
export function slotProblem(slot: SlotHealth | undefined): Problem | null {
  if (slot?.level !== 'danger') return null;
  return { type: slotAtRisk, message: slot.notes.join(' '), at: new Date(slot.since).toISOString(), count: 1 };
}

/** What makes a problem another one than before: the figures of a slot in danger change with each look. */
export function gistOf(problem: Problem): string {
  return problem.type === slotAtRisk ? slotAtRisk : problem.message;
}
