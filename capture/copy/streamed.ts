import type { Client } from 'pg';
import { takeBaseline, takeSnapshot } from './baseline';
import { createStreamedXids, type Snapshot } from './snapshot';

/** Streamed ids kept before the snapshot is asked which of them it sees by now. */
const manyXids = 50_000;

/** The streamed transactions that a read has to see: those of this session, and of the ones before it. */
export interface Streamed {
  add(xid: number): void;
  /** What was streamed while nobody counted is not known any more: it is asked for anew. */
  forget(): void;
  /** Those that nobody counted, from the source, unless they are known. */
  takeBaseline(client: Client): Promise<void>;
  /** A read is issued now: everything added so far has to be visible to it. */
  issue(): void;
  /** What the read issued last has to see. */
  readonly beforeIssue: ReadonlySet<number>;
  forgetVisible(snapshot: Snapshot): void;
  /** They are many, and `prune` has not been asked since. */
  takeMany(): boolean;
  prune(client: Client): Promise<void>;
}

export function createStreamed(): Streamed {
  let xids = createStreamedXids();
  let baseline = false;
  let pruneAt = manyXids;
  return {
    add: (xid) => xids.add(xid),
    forget() {
      xids = createStreamedXids();
      baseline = false;
    },
    async takeBaseline(client) {
      if (!baseline) for (const xid of await takeBaseline(client)) xids.add(xid);
      baseline = true;
    },
    issue: () => xids.issue(),
    get beforeIssue() {
      return xids.beforeIssue;
    },
    forgetVisible: (snapshot) => xids.forgetVisible(snapshot),
    takeMany() {
      if (xids.size < pruneAt) return false;
      pruneAt = Infinity;
      return true;
    },
    async prune(client) {
      xids.forgetVisible(await takeSnapshot(client));
      pruneAt = xids.size + manyXids;
    },
  };
}
