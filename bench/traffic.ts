import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'pg';

/** Commits under way at once at most: a commit that waits for the disk must not hold up the next one's time. */
const connections = 4;

export interface Traffic {
  /** Row id → when its commit was answered, `performance.now()`. Ids count from 0. */
  readonly committed: readonly number[];
  /** How late the latest commit was sent, milliseconds: the writer's own share of any delay. */
  readonly latestMs: () => number;
  /** Resolves when every commit that was begun has been answered. */
  stop(): Promise<void>;
}

/**
 * One row a transaction, at fixed times whatever became of the earlier ones: a writer that waits for a slow answer would
 * not write in the very moments that matter. Ids count from `first` until it is stopped or has come to `rows`.
 */
export function startTraffic(
  url: string,
  { perSecond, first = 0, rows = Infinity }: { perSecond: number; first?: number; rows?: number },
): Traffic {
  const pool = new Pool({ connectionString: url, max: connections });
  const committed: number[] = [];
  const begun: Promise<void>[] = [];
  const started = performance.now();
  let stopped = false;
  let latest = 0;
  const insert = async (id: number) => {
    await pool.query(`insert into items values ($1, $2, 'placed', 1, 9.99, true, 'one of many', clock_timestamp())`, [
      id,
      id % 1_000,
    ]);
    committed[id] = performance.now();
  };
  const write = async () => {
    for (let id = first; !stopped && id < rows; id += 1) {
      const due = started + ((id - first) * 1_000) / perSecond;
      const early = due - performance.now();
      if (early > 0) await pause(early);
      else latest = Math.max(latest, -early);
      begun.push(insert(id));
    }
  };
  const writing = write();
  return {
    committed,
    latestMs: () => latest,
    async stop() {
      stopped = true;
      await writing;
      await Promise.all(begun);
      await pool.end();
    },
  };
}
