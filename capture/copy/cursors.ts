import type { CopyCursor } from '../../stream/log';

/** How far the copies are: in the log, and once the chunks on their way there are. */
export interface Cursors {
  of(table: string): CopyCursor;
  ahead(table: string): CopyCursor;
  /** A chunk was handed over to be appended. `recorded`: told when it is in the log. */
  give(table: string, cursor: CopyCursor, recorded?: () => void): void;
  /** The one that was handed over first is in the log, and its cursor true. */
  appended(): { readonly table: string; readonly rows: number } | null;
  /** How many are on their way. */
  readonly given: number;
  /** The order of this name was begun: in the log, or on its way there. */
  begun(table: string, request: string): boolean;
}

interface Given {
  readonly table: string;
  readonly cursor: CopyCursor;
  readonly recorded: (() => void) | undefined;
}

const start: CopyCursor = { done: false, after: null, rows: 0 };

export function createCursors(recorded: Readonly<Record<string, CopyCursor>>): Cursors {
  const known = new Map(Object.entries(recorded));
  /** In the order of the log, in which their cursors become true. */
  const given: Given[] = [];
  const of = (table: string) => known.get(table) ?? start;

  return {
    of,
    ahead: (table) => given.findLast((each) => each.table === table)?.cursor ?? of(table),
    give: (table, cursor, told) => void given.push({ table, cursor, recorded: told }),
    appended() {
      const first = given.shift();
      if (!first) return null;
      const { table, cursor } = first;
      const rows = cursor.rows - of(table).rows;
      known.set(table, cursor);
      first.recorded?.();
      return { table, rows };
    },
    get given() {
      return given.length;
    },
    begun: (table, request) =>
      of(table).request === request || given.some((each) => each.table === table && each.cursor.request === request),
  };
}
