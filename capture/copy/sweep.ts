import type { Row } from '../../model/change';

/** Keys of one statement: each is one look into the key's index. */
export const sweptAtOnce = 1_000;

/** What a sweep has done so far, in this session. */
export interface Swept {
  /** Keys looked for at the source, and of those the ones it has no row for. */
  readonly keys: number;
  readonly deleted: number;
}

/** The keys that the log may hold rows for, of one table at a time, a few at a time. */
export interface KeySupply {
  /** The next of the table's keys, `limit` at most; null: all have been given out. Scans anew for another table. */
  next(table: string, limit: number): Promise<readonly Row[] | null>;
  /** Those given out last have been looked for, and so many had no row. */
  looked(keys: number, deleted: number): void;
  readonly swept: Swept;
  /** Gives up the scan under way: the next one begins anew. */
  drop(): void;
}

interface Scan {
  readonly table: string;
  readonly pages: AsyncIterator<readonly Row[]>;
  readonly ending: AbortController;
  page: readonly Row[];
  at: number;
}

/**
 * Where a sweep's keys come from. Others write to the log meanwhile, and it does not matter: every key is looked for at the
 * source before anything is deleted, and a row that comes after the scan has begun comes with a change that tells of its end.
 */
export function createKeySupply(
  writtenKeys: (table: string, signal: AbortSignal) => AsyncIterable<readonly Row[]>,
): KeySupply {
  let scan: Scan | null = null;
  let swept: Swept = { keys: 0, deleted: 0 };

  function begin(table: string): Scan {
    const ending = new AbortController();
    swept = { keys: 0, deleted: 0 };
    return { table, ending, pages: writtenKeys(table, ending.signal)[Symbol.asyncIterator](), page: [], at: 0 };
  }

  function drop(): void {
    scan?.ending.abort();
    // It may rest between two pages, where it hears of nothing.
    scan?.pages.return?.().catch(() => undefined);
    scan = null;
  }

  return {
    async next(table, limit) {
      if (scan?.table !== table) {
        drop();
        scan = begin(table);
      }
      const now = scan;
      while (now.at >= now.page.length) {
        const answer = await now.pages.next();
        if (answer.done === true) {
          scan = null;
          return null;
        }
        [now.page, now.at] = [answer.value, 0];
      }
      const keys = now.page.slice(now.at, now.at + limit);
      now.at += keys.length;
      return keys;
    },
    looked(keys, deleted) {
      swept = { keys: swept.keys + keys, deleted: swept.deleted + deleted };
    },
    get swept() {
      return swept;
    },
    drop,
  };
}
