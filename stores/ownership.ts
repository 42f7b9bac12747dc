import { Blocked, Fenced } from '../model/errors';
import { canonicalOffsets, type Offsets } from '../model/offsets';
import type { Batch, Generation, Lane, Owner } from './store';

/** What a store's own record of a lane says, as far as it decides who may write and from where. */
export interface LaneRecord {
  /** null before the first `acquire`. */
  readonly owner: Owner | null;
  readonly next: Offsets;
  readonly mappingHash: string;
  readonly logId: string;
}

/** One text per owner, so that a store can compare it. */
export function ownerToken({ scheduledMs, runId, activityId, attempt }: Owner): string {
  return JSON.stringify({ scheduledMs, runId, activityId, attempt });
}

/**
 * Invariant 4: a woken old attempt cannot take the lane back, since its `scheduledMs` is lower. Of two owners of one
 * millisecond one wins for good: were both admitted, they could take the lane from each other for ever. The loser's
 * retry is scheduled later, and may take it.
 */
export function mayOwn(current: Owner | null, candidate: Owner): boolean {
  if (current === null) return true;
  const order =
    candidate.scheduledMs - current.scheduledMs ||
    candidate.attempt - current.attempt ||
    compareText(candidate.runId, current.runId) ||
    compareText(candidate.activityId, current.activityId);
  return order >= 0;
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** What to do with a batch. `repeated`: the record already says `to`, because the answer to its commit was lost. */
export type Verdict = 'apply' | 'repeated' | 'fenced' | 'behind';

export function judgeBatch(record: LaneRecord, generation: Generation, batch: Batch): Verdict {
  // The owner comes first: behind a newer owner's batches the offsets differ too, and that must not read as "behind",
  // which waits for a person.
  if (record.owner === null || ownerToken(record.owner) !== ownerToken(batch.owner)) return 'fenced';
  if (record.mappingHash !== generation.mappingHash || record.logId !== generation.logId) return 'behind';
  const next = canonicalOffsets(record.next);
  if (next === canonicalOffsets(batch.from)) return 'apply';
  return next === canonicalOffsets(batch.to) ? 'repeated' : 'behind';
}

export function fenced(generation: Generation, lane: Lane): Fenced {
  return new Fenced(
    `Another owner has lane ${lane.index} of ${describe(generation)}. This attempt writes nothing more; its successor goes on.`,
  );
}

export function behind(generation: Generation, lane: Lane): Blocked {
  return new Blocked(
    'store-behind',
    `The record of lane ${lane.index} of ${describe(generation)} holds other offsets than this batch begins at: the store was restored from a backup, or someone else wrote to it. Rebuild the store.`,
  );
}

/** Why a generation's record may not be adopted, or null. */
export function mismatch(
  record: { readonly mappingHash: string; readonly logId: string },
  generation: Generation,
): Blocked | null {
  const remedy = 'Rebuild the store: the next generation gets a number of its own.';
  if (record.logId !== generation.logId) {
    return new Blocked(
      'log-replaced',
      `The store filled ${describe(generation)} from log ${record.logId}, and the log is now ${generation.logId}. ${remedy}`,
    );
  }
  if (record.mappingHash !== generation.mappingHash) {
    return new Blocked(
      'store-behind',
      `The store holds ${describe(generation)} under mapping ${record.mappingHash}, not ${generation.mappingHash}. ${remedy}`,
    );
  }
  return null;
}

export function missing(generation: Generation): Blocked {
  return new Blocked(
    'store-behind',
    `The store does not hold ${describe(generation)}: it was never prepared, was dropped, or the store was replaced. Rebuild the store.`,
  );
}

export function describe({ number, pipeline, store }: Generation): string {
  return `generation ${number} of ${pipeline}/${store}`;
}
