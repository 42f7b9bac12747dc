/** What `pg_current_snapshot()` says: 64-bit transaction ids. */
export interface Snapshot {
  /** The first id not assigned when the snapshot was taken: it and all above are invisible. */
  readonly xmax: bigint;
  /** In progress when the snapshot was taken: invisible, whatever became of them. */
  readonly xip: readonly bigint[];
}

/** Parses `xmin:xmax:xip,xip…`. Throws a RangeError that shows what was given. */
export function parseSnapshot(text: string): Snapshot {
  const match = /^\d+:(\d+):([\d,]*)$/.exec(text);
  if (!match) throw new RangeError(`'${text}' is not a snapshot: expected xmin:xmax:xip list.`);
  const list = match[2] ?? '';
  return { xmax: BigInt(match[1] ?? '0'), xip: list === '' ? [] : list.split(',').map(BigInt) };
}

/** The 32 bits of a transaction id that the replication stream carries. */
export function streamedForm(xid: bigint): number {
  return Number(xid & 0xffffffffn);
}

/**
 * A snapshot's answer for the 32-bit ids of the stream. Ids compare on a circle, as PostgreSQL's own do: two ids that
 * exist at one time are less than 2^31 apart.
 */
export function visibility(snapshot: Snapshot): (xid: number) => boolean {
  const inProgress = new Set(snapshot.xip.map(streamedForm));
  const end = streamedForm(snapshot.xmax);
  return (xid) => ((xid - end) | 0) < 0 && !inProgress.has(xid);
}

/**
 * Must a chunk be read again? PostgreSQL lets a commit be decoded *before* it is visible to new snapshots (it may wait
 * for a synchronous standby, or just for its turn). A chunk whose snapshot misses a transaction that was streamed before
 * the read was issued holds rows older than the log's, and nothing later would mend them: read again.
 */
export function mustReadAgain(input: {
  readonly streamedXids: Iterable<number>;
  readonly snapshot: Snapshot;
}): boolean {
  const visible = visibility(input.snapshot);
  for (const xid of input.streamedXids) if (!visible(xid)) return true;
  return false;
}

/** No commit waits for a day to become visible; and ids come around again later than that. */
const longAgoMs = 86_400_000;

/**
 * Whether a snapshot taken now shows what a transaction of the log wrote, which may be of any age: after 2^31 newer ones
 * its id would count as one to come, so above a day only those count that are in progress under its very number.
 */
export function sees(snapshot: Snapshot, transaction: { readonly xid: number; readonly ageMs: number }): boolean {
  const { xid, ageMs } = transaction;
  if (ageMs < longAgoMs) return visibility(snapshot)(xid);
  return !snapshot.xip.some((running) => streamedForm(running) === xid);
}

/** Which streamed transactions a chunk has to see. */
export interface StreamedXids {
  add(xid: number): void;
  /** A read is issued now: everything added so far has to be visible to it. */
  issue(): void;
  /** What the read issued last has to see. */
  readonly beforeIssue: ReadonlySet<number>;
  readonly size: number;
  /** Forgets what this snapshot sees: every later snapshot sees it too. */
  forgetVisible(snapshot: Snapshot): void;
}

export function createStreamedXids(): StreamedXids {
  const before = new Set<number>();
  // Streamed while a read is under way: their keys are dropped from that chunk instead, and asking for them as well
  // would make a busy source read for ever.
  const since = new Set<number>();
  return {
    add: (xid) => void since.add(xid),
    issue() {
      for (const xid of since) before.add(xid);
      since.clear();
    },
    beforeIssue: before,
    get size() {
      return before.size + since.size;
    },
    forgetVisible(snapshot) {
      const visible = visibility(snapshot);
      for (const set of [before, since]) for (const xid of set) if (visible(xid)) set.delete(xid);
    },
  };
}
