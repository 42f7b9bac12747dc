/** How much the copy may ask of the leader. */
export interface CopyBudget {
  /** The most that one read may ask for. */
  readonly rowsAtOnce: number;
  /** Milliseconds until a read of so many rows fits into the budget; 0: now. */
  waitMs(rows: number): number;
  /** A read of so many rows is issued now: what it asks for counts, whatever it finds, and once more when it is repeated. */
  issue(rows: number): void;
}

const windowMs = 1_000;
/** A read is a tenth of a second's rows: smaller ones would cost more than their rows, larger ones come in gusts. */
const readsPerSecond = 10;

/** No more than `rowsPerSecond` rows are asked for within any second, evenly spread. Without it there is no limit. */
export function createCopyBudget({
  rowsPerSecond = Infinity,
  clock,
}: {
  readonly rowsPerSecond: number | undefined;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
}): CopyBudget {
  if (rowsPerSecond === Infinity) return { rowsAtOnce: Infinity, waitMs: () => 0, issue: () => undefined };
  let issued: { readonly at: number; readonly rows: number }[] = [];

  /** When the reads of the last second leave room for so many rows. */
  const roomAt = (rows: number): number => {
    let used = issued.reduce((sum, read) => sum + read.rows, 0);
    let at = -Infinity;
    for (const read of issued) {
      if (used + rows <= rowsPerSecond) break;
      used -= read.rows;
      at = read.at + windowMs;
    }
    return at;
  };

  return {
    rowsAtOnce: Math.max(1, Math.floor(rowsPerSecond / readsPerSecond)),
    waitMs(rows) {
      const now = clock();
      issued = issued.filter(({ at }) => now - at < windowMs);
      const last = issued.at(-1);
      const spreadAt = last ? last.at + (last.rows * windowMs) / rowsPerSecond : -Infinity;
      return Math.max(0, Math.ceil(Math.max(spreadAt, roomAt(rows)) - now));
    },
    issue(rows) {
      issued.push({ at: clock(), rows });
    },
  };
}
