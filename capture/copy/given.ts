import { chunkBytes } from './width';

/** Chunks on their way to the log: an append that Kafka answers to, and what makes the next one meanwhile. */
export interface Given {
  /** Two, or more while they are no larger together than one may be (Invariant 10). */
  readonly enough: boolean;
  give(bytes: number): void;
  /** The first so many are in the log. */
  appended(chunks: number): void;
}

/** Small ones are as many as an append may join, twice. */
const most = 8;

export function createGiven(): Given {
  let sizes: readonly number[] = [];
  return {
    get enough() {
      if (sizes.length < 2) return false;
      return sizes.length >= most || sizes.reduce((sum, bytes) => sum + bytes, 0) >= chunkBytes;
    },
    give: (bytes) => void (sizes = [...sizes, bytes]),
    appended: (chunks) => void (sizes = sizes.slice(chunks)),
  };
}
