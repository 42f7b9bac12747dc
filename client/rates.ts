import { distance, type Offsets } from '../model/offsets';
import type { CaptureProgress, LaneProgress, PipelineStatus } from '../model/status';

/** Per second, or null while there is nothing to compare with. */
export interface Rates {
  /** Changes appended. */
  readonly capture: number | null;
  /** Store → generation → records of the log read. */
  readonly stores: Readonly<Record<string, Readonly<Record<number, number | null>>>>;
}

/** Rates between two looks at a pipeline, measured on the workers' own clocks and not on ours. Pure. */
export function ratesBetween(earlier: PipelineStatus | null, now: PipelineStatus): Rates {
  const stores = Object.entries(now.stores).map(([name, store]) => {
    const before = earlier?.stores[name];
    const generations = store.generations.map(({ number, progress }) => {
      const old = before?.generations.find((generation) => generation.number === number)?.progress ?? null;
      return [number, perSecond(old, progress, recordsBetween)] as const;
    });
    return [name, Object.fromEntries(generations)] as const;
  });
  return {
    capture: perSecond(earlier?.capture.progress ?? null, now.capture.progress, changesBetween),
    stores: Object.fromEntries(stores),
  };
}

function perSecond<Progress extends LaneProgress | CaptureProgress>(
  earlier: Progress | null,
  now: Progress | null,
  between: (earlier: Progress, now: Progress) => number,
): number | null {
  if (!earlier || !now || now.at <= earlier.at) return null;
  return Math.max(0, between(earlier, now)) / ((now.at - earlier.at) / 1_000);
}

function changesBetween(earlier: CaptureProgress, now: CaptureProgress): number {
  return now.changes - earlier.changes;
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
