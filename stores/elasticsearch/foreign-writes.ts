import { Blocked } from '../../model/errors';
import { describeKey } from '../../model/describe-key';
import type { Mutation } from '../../model/mutation';
import { describe, ownerToken } from '../ownership';
import type { Generation, Owner } from '../store';

/**
 * A version conflict is innocent while changes are repeated that an earlier attempt wrote in part: which ones, nobody knows,
 * since within a large transaction attempts may take partitions in another order. Whatever it was, it stood on the log when
 * the doubt began. Behind that nobody but us may have raised a version: a hand edit has, and our change of that document
 * was not taken.
 */
export interface WriterWatch {
  /** The lane was taken: `previous` had it, and the record is as it was written with `sequence`. */
  readonly acquired: (lane: string, taken: { previous: Owner | null; owner: Owner; sequence: number }) => void;
  /**
   * A batch begins behind a position record of this time, milliseconds since the Unix epoch: whether a conflict in it is a
   * foreign writer's. Until `ended`, what it wrote is in doubt. `follows`: behind one that is under way itself.
   */
  readonly begins: (lane: string, positionAt: number, follows?: boolean) => boolean;
  /** All of the batch is written, and the record with `sequence`. */
  readonly ended: (lane: string, sequence: number) => void;
}

interface Standing {
  owner: string;
  sequence: number;
  /** What reached the log later than this was written by nobody before us. Milliseconds since the Unix epoch. */
  doubtedAt: number;
  /** The same before the first of the batches under way. */
  before: number;
  underWay: number;
}

/** The log's times are of the process that captures, whose clock may be another's. */
const marginMs = 5 * 60_000;

export function watchWriters(now: () => number = Date.now): WriterWatch {
  const lanes = new Map<string, Standing>();
  return {
    acquired(lane, { previous, owner, sequence }) {
      const found = lanes.get(lane);
      const still = previous !== null && found?.owner === ownerToken(previous) && found.sequence === sequence;
      // A lane that nobody ever had holds nothing: its first owner is alone from the first batch.
      const doubtedAt = previous === null ? -Infinity : still ? found.doubtedAt : now();
      lanes.set(lane, { owner: ownerToken(owner), sequence, doubtedAt, before: doubtedAt, underWay: 0 });
    },
    begins(lane, positionAt, follows = false) {
      const found = lanes.get(lane);
      if (!found) return false;
      // Of one that did not end nobody knows what it wrote: the doubt about it stays, whatever becomes of this one.
      if (!follows) [found.before, found.underWay] = [found.doubtedAt, 0];
      found.underWay += 1;
      found.doubtedAt = now();
      return positionAt > found.before + marginMs;
    },
    ended(lane, sequence) {
      const found = lanes.get(lane);
      if (!found) return;
      found.sequence = sequence;
      found.underWay -= 1;
      if (found.underWay === 0) found.doubtedAt = found.before;
    },
  };
}

/** Invariant 5: the change that was not taken is named, and the lane stops before its offsets pass it. */
export function foreignWrite(generation: Generation, { target, key, version }: Mutation): Blocked {
  return new Blocked(
    'store-behind',
    `Someone else wrote to ${describe(generation)}: its document of ${target} (${describeKey(key)}) has a version that is ` +
      `not below offset ${version}, which was never written before. Rebuild the store; \`retry\` goes on and leaves the ` +
      `document as it is until its row changes again. Keep others from writing to our indexes.`,
  );
}
