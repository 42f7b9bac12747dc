import { positionsTopic } from '../model/names';
import { offsetOf } from '../model/offsets';
import type { ParkedOrder } from '../model/poison';
import { compareDecimal } from '../model/position';
import type { BuildState, LaneState } from './follow-state';

/** What a lane is to run next. Also compared as text: a lane whose order has changed ends its slice. */
export interface Order {
  readonly until?: string;
  readonly endWhenCaughtUp?: boolean;
  /** One micro-batch. */
  readonly step?: boolean;
  /** To be obeyed before anything is read. */
  readonly parkedOrder?: ParkedOrder;
}

export type Alignment =
  | { readonly kind: 'aligned' }
  /** The live lane is blocked and cannot say how far it came: the store is asked. */
  | { readonly kind: 'look' }
  | { readonly kind: 'run'; readonly role: 'live' | 'next'; readonly order: Order };

/** Next offset in the positions topic: what "ahead" and "behind" mean between generations of one log. */
export function leadOffset(lane: LaneState, prefix: string): string {
  return offsetOf(lane.progress?.next ?? {}, positionsTopic(prefix), 0) ?? '0';
}

/**
 * Brings two lanes to one closed record, so that readers who are switched there see neither an older value after a newer
 * one nor half a transaction (Invariant 7). Pure; one lane runs at a time, and it is asked again after each slice.
 *
 * Offsets alone do not prove it: a slice that was cut short may have left its generation within a large transaction. Half
 * of one in the next generation would be shown; half of one in the live generation has been shown, and would be taken
 * back. So both must have ended at a closed record; for live it is as good if the next one has seen, while live stood
 * still, that the log ends there.
 */
export function align(live: LaneState | null, next: BuildState, prefix: string): Alignment {
  const step: Alignment = { kind: 'run', role: 'next', order: { step: true, endWhenCaughtUp: true } };
  // The first generation has nobody to wait for, and an old log's leads nowhere: only half a transaction must not show.
  if (!live || live.logId !== next.logId) return next.rest === 'closed' ? { kind: 'aligned' } : step;
  const stuck = live.trouble.blocked;
  if (live.rest === 'unknown') {
    // A slice takes the lane from whoever may still hold it, and says what the store really holds.
    return stuck ? { kind: 'look' } : { kind: 'run', role: 'live', order: { until: leadOffset(live, prefix) } };
  }
  if (next.rest === 'unknown') return { kind: 'run', role: 'next', order: { until: leadOffset(next, prefix) } };

  const [liveAt, nextAt] = [leadOffset(live, prefix), leadOffset(next, prefix)];
  const ahead = compareDecimal(nextAt, liveAt);
  if (ahead < 0) return { kind: 'run', role: 'next', order: { until: liveAt } };
  if (next.rest !== 'closed') return step;
  if (ahead > 0) return stuck ? { kind: 'aligned' } : { kind: 'run', role: 'live', order: { until: nextAt } };
  return live.rest === 'closed' || next.sawEnd ? { kind: 'aligned' } : step;
}
