import { Blocked } from '../../model/errors';
import { describeKey } from '../../model/describe-key';
import type { Mutation } from '../../model/mutation';
import { describe, ownerToken } from '../ownership';
import { recordsPerBatch, type Generation, type Owner } from '../store';

/**
 * A version conflict is innocent while a batch is repeated that an earlier attempt wrote in part. Everywhere else nobody
 * but us may have raised a version: a hand edit has, and our change of that document was not taken. Seen from how far a
 * lane has come without a doubt about who wrote it: a lost attempt had one batch in flight, which began at the record.
 */
export interface WriterWatch {
  /** The lane was taken: `previous` had it, and the record is as it was written with `sequence`. */
  readonly acquired: (lane: string, taken: { previous: Owner | null; owner: Owner; sequence: number }) => void;
  /** A batch begins: whether a conflict in it is a foreign writer's. Until `ended`, what it wrote is in doubt. */
  readonly begins: (lane: string) => boolean;
  /** All of the batch is written, and the record with `sequence`. */
  readonly ended: (lane: string, written: { mutations: number; sequence: number }) => void;
}

interface Standing {
  owner: string;
  sequence: number;
  /** Mutations written since the last doubt: no more than the records they were made of. */
  certain: number;
  /** What `certain` was before the batch under way. */
  before: number;
}

/** `atMost`: records of one batch. A test gives fewer. */
export function watchWriters(atMost = recordsPerBatch): WriterWatch {
  const lanes = new Map<string, Standing>();
  return {
    acquired(lane, { previous, owner, sequence }) {
      const found = lanes.get(lane);
      const still = previous !== null && found?.owner === ownerToken(previous) && found.sequence === sequence;
      // A lane that nobody ever had holds nothing: its first owner is alone from the first batch.
      const certain = previous === null ? atMost : still ? found.certain : 0;
      lanes.set(lane, { owner: ownerToken(owner), sequence, certain, before: 0 });
    },
    begins(lane) {
      const found = lanes.get(lane);
      if (!found) return false;
      [found.before, found.certain] = [found.certain, 0];
      return found.before >= atMost;
    },
    ended(lane, { mutations, sequence }) {
      const found = lanes.get(lane);
      if (found) [found.certain, found.sequence] = [Math.min(atMost, found.before + mutations), sequence];
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
