import { origin } from '../model/position';
import type { LaneProgress } from '../model/status';
import type { Applied } from '../stores/store';
import type { LaneSession } from './deps';

/** Of a slice that has not heard yet what the store holds. */
export function noProgress(at: number): LaneProgress {
  return {
    next: {},
    position: origin,
    lagRecords: 0,
    lagSeconds: 0,
    upserts: 0,
    deletes: 0,
    repeated: 0,
    batches: 0,
    at,
  };
}

/** What the log holds beyond what the store durably holds, as of `now`. */
export function lagOf(
  { reader, inHand }: Pick<LaneSession, 'reader' | 'inHand'>,
  now: number,
): Pick<LaneProgress, 'lagRecords' | 'lagSeconds'> {
  const { records, oldestAt, caughtUp } = reader.ahead();
  const since = inHand?.oldestAt ?? (caughtUp && inHand === null ? null : oldestAt);
  return {
    lagRecords: records + (inHand?.records ?? 0),
    lagSeconds: since === null ? 0 : Math.max(0, (now - since) / 1_000),
  };
}

/** One batch more, and what it came to. */
export function withApplied(progress: LaneProgress, { upserts, deletes, repeated }: Applied): LaneProgress {
  return {
    ...progress,
    upserts: progress.upserts + upserts,
    deletes: progress.deletes + deletes,
    repeated: progress.repeated + repeated,
    batches: progress.batches + 1,
  };
}
