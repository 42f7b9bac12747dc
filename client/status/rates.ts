import { distance, type Offsets } from '../../model/offsets';
import type { CaptureProgress, LaneProgress, PipelineStatus } from '../../model/status';

/** Per second, or null while there is nothing to compare with. */
export interface Rates {
  /** Changes appended. */
  readonly capture: number | null;
  /** Rows of all copies under way. */
  readonly copies: number | null;
  /** Store → generation. */
  readonly stores: Readonly<Record<string, Readonly<Record<number, LaneRate | null>>>>;
}

export interface LaneRate {
  /** Records of the log read. */
  readonly read: number;
  /** By how many records its distance to the end of the log shrinks; negative while it grows. */
  readonly closing: number;
}

export const noRates: Rates = { capture: null, copies: null, stores: {} };

/** Rates between two looks at a pipeline, measured on the workers' own clocks and not on ours. Pure. */
export function ratesBetween(earlier: PipelineStatus | null, now: PipelineStatus): Rates {
  const stores = Object.entries(now.stores).map(([name, store]) => {
    const before = earlier?.stores[name];
    const generations = store.generations.map(({ number, progress }) => {
      const old = before?.generations.find((generation) => generation.number === number)?.progress ?? null;
      return [number, laneRate(old, progress)] as const;
    });
    return [name, Object.fromEntries(generations)] as const;
  });
  const [old, fresh] = [earlier?.capture.progress ?? null, now.capture.progress];
  return {
    capture: positive(perSecond(old, fresh, (before, after) => after.changes - before.changes)),
    copies: positive(perSecond(old, fresh, (before, after) => copiedRows(after) - copiedRows(before))),
    stores: Object.fromEntries(stores),
  };
}

function laneRate(earlier: LaneProgress | null, now: LaneProgress | null): LaneRate | null {
  const read = positive(perSecond(earlier, now, recordsBetween));
  const closing = perSecond(earlier, now, (before, after) => before.lagRecords - after.lagRecords);
  return read === null || closing === null ? null : { read, closing };
}

/** Counts of a worker begin anew when another takes over: then there is no rate, and none below zero. */
function positive(number: number | null): number | null {
  return number === null ? null : Math.max(0, number);
}

function copiedRows({ copies }: CaptureProgress): number {
  return Object.values(copies).reduce((sum, { rows }) => sum + rows, 0);
}

function perSecond<Progress extends LaneProgress | CaptureProgress>(
  earlier: Progress | null,
  now: Progress | null,
  between: (earlier: Progress, now: Progress) => number,
): number | null {
  if (!earlier || !now || now.at <= earlier.at) return null;
  return between(earlier, now) / ((now.at - earlier.at) / 1_000);
}

/** Counts of a slice begin at zero, offsets do not: so the rate is taken from offsets. */
function recordsBetween(earlier: LaneProgress, now: LaneProgress): number {
  return distance(tableOffsets(earlier.next), tableOffsets(now.next));
}

/** Without the positions topic, which has one record per transaction and one a second when the source rests. */
export function tableOffsets(offsets: Offsets): Offsets {
  return Object.fromEntries(Object.entries(offsets).filter(([topic]) => !isPositionsTopic(topic)));
}

/** How far the lane stands in the topic that leads it; null before it has begun. */
export function positionsOffset(offsets: Offsets): string | null {
  const found = Object.entries(offsets).find(([topic]) => isPositionsTopic(topic));
  return found?.[1]['0'] ?? null;
}

/** `<prefix>.positions`; table topics have three parts and a prefix has no dot. */
function isPositionsTopic(topic: string): boolean {
  return topic.split('.').length === 2;
}
