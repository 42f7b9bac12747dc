import { origin } from '../model/position';
import type { LaneProgress } from '../model/status';

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
