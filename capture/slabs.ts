import { targetOf, type Target } from '../stream/words';

/** Memory that is written from front to back and never again, so that views on it stay what they are. */
export interface Slabs {
  /** The slab to write to, from `at` on, where there is room for so many bytes. */
  withRoom(bytes: number): Target;
  /** Behind what is written. Moved by whoever writes. */
  at: number;
}

/**
 * About two thousand records: the price of one is nothing beside theirs. A slab is free when the last record on it is, which
 * is after the append of its last one.
 */
const slabBytes = 1024 * 1024;

export function createSlabs(): Slabs {
  let slab = targetOf(0);
  const slabs: Slabs = {
    at: 0,
    withRoom(bytes) {
      if (slab.memory.length - slabs.at < bytes) {
        slab = targetOf(Math.max(slabBytes, bytes));
        slabs.at = 0;
      }
      return slab;
    },
  };
  return slabs;
}
