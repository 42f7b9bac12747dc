import type { CopyCursor } from '../../stream/log';

/** How far the copies are: in the log, and once the chunks that were read are in it too. */
export interface Cursors {
  of(table: string): CopyCursor;
  /** Once all chunks are in the log. */
  then(table: string): CopyCursor;
  /** A chunk was read, and is to be appended behind the others. `recorded`: told when it is in the log. */
  come(table: string, cursor: CopyCursor, recorded?: () => void): void;
  /** The first of them is in the log, and its cursor true. */
  appended(): { readonly table: string; readonly rows: number } | null;
  /** How many are to come. */
  readonly ahead: number;
  /** The order of this name was begun: in the log, or on its way there. */
  begun(table: string, request: string): boolean;
}

interface Ahead {
  readonly table: string;
  readonly cursor: CopyCursor;
  readonly recorded: (() => void) | undefined;
}

const start: CopyCursor = { done: false, after: null, rows: 0 };

export function createCursors(recorded: Readonly<Record<string, CopyCursor>>): Cursors {
  const known = new Map(Object.entries(recorded));
  /** In the order of the log, in which their cursors become true. */
  const coming: Ahead[] = [];
  const of = (table: string) => known.get(table) ?? start;

  return {
    of,
    then: (table) => coming.findLast((each) => each.table === table)?.cursor ?? of(table),
    come: (table, cursor, told) => void coming.push({ table, cursor, recorded: told }),
    appended() {
      const first = coming.shift();
      if (!first) return null;
      const { table, cursor } = first;
      const rows = cursor.rows - of(table).rows;
      known.set(table, cursor);
      first.recorded?.();
      return { table, rows };
    },
    get ahead() {
      return coming.length;
    },
    begun: (table, request) =>
      of(table).request === request || coming.some((each) => each.table === table && each.cursor.request === request),
  };
}
