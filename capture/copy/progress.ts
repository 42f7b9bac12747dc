import type { CopyProgress } from '../../model/status';
import type { CopyCursor } from '../../stream/log';

/** Rates are taken over so long: shorter ones jump with every chunk. */
const windowMs = 30_000;

/** Rows a second of the copy under way, of the table that is copied now. */
export interface CopyRate {
  appended(table: string, rows: number): void;
  /** null: too little is known. */
  perSecond(table: string): number | null;
}

export function createCopyRate(clock: () => number): CopyRate {
  let seen: { readonly table: string; readonly at: number; readonly rows: number }[] = [];
  return {
    appended(table, rows) {
      const at = clock();
      seen = [...seen.filter((each) => each.table === table && at - each.at < windowMs), { table, at, rows }];
    },
    perSecond(table) {
      const [first, ...others] = seen.filter((each) => each.table === table && clock() - each.at < windowMs);
      // From one append to now: the rows of the first came before.
      const ms = first ? clock() - first.at : 0;
      return ms < 1_000 || others.length === 0 ? null : (others.reduce((sum, { rows }) => sum + rows, 0) / ms) * 1_000;
    },
  };
}

/**
 * How far each table is, and how long it will take until it is done: it waits for those before it. Without statistics of
 * a table nobody can say, neither of it nor of those behind it. Pure.
 */
export function copyProgress(input: {
  /** In the order they are copied. */
  readonly tables: readonly { readonly name: string; readonly estimatedRows: number }[];
  readonly cursors: (table: string) => CopyCursor;
  /** Of the first that is not done; null: not known, or nothing is copied now. */
  readonly perSecond: number | null;
}): Record<string, CopyProgress> {
  const { tables, cursors, perSecond } = input;
  let missing: number | null = 0;
  let isFirst = true;
  const entries = tables.map(({ name, estimatedRows }): [string, CopyProgress] => {
    const { done, rows, request, sweep } = cursors(name);
    const known: CopyProgress = {
      ...{ done, rows, estimatedRows },
      ...(request === undefined ? {} : { request }),
      ...(sweep === 'now' ? { sweeping: true } : {}),
    };
    if (done) return [name, known];
    const isNow = isFirst;
    isFirst = false;
    missing = missing === null || estimatedRows < 0 ? null : missing + Math.max(0, estimatedRows - rows);
    if (perSecond === null || perSecond <= 0) return [name, known];
    const secondsLeft = missing === null ? {} : { secondsLeft: Math.ceil(missing / perSecond) };
    return [name, { ...known, ...(isNow ? { rowsPerSecond: Math.round(perSecond) } : {}), ...secondsLeft }];
  });
  return Object.fromEntries(entries);
}
