import type { Row } from '../../model/change';
import { compareDecimal } from '../../model/position';
import type { CopyCursor } from '../../stream/log';
import type { CapturedTable } from '../source/catalogue';
import { takeBaseline, takeSnapshot } from './baseline';
import { createCopyBudget } from './budget';
import { nextLimit, type Chunk, type ChunkRequest } from './chunk';
import type { Copier, CopyOptions } from './copier';
import { copyOrder } from './order';
import { copyProgress, createCopyRate } from './progress';
import { createStreamedXids } from './snapshot';
import { createKeyOf, keyText } from '../values';

/** A commit that is decodable and not visible becomes visible soon, or waits for a standby: ask again, ever less often. */
const firstDelayMs = 5;
const maxDelayMs = 500;
/** Keys written while one statement runs; beyond this many the chunk is read again rather than remembered (Invariant 10). */
const maxTouched = 200_000;
/** Streamed ids kept before the snapshot is asked which of them it sees by now. */
const manyXids = 50_000;

/** A chunk that is being read, and what the stream brought since the read was issued. */
interface Reading {
  readonly table: string;
  readonly touched: Set<string>;
  truncated: boolean;
}

/** A chunk from its read until the stream has passed it. */
interface Held {
  readonly request: ChunkRequest;
  readonly chunk: Chunk;
  readonly readAt: number;
  readonly rows: Map<string, Row>;
}

/** To begin a table again: by an operator, whose order has a name, or since its rows changed unsaid. */
interface Order {
  readonly request: string | undefined;
  readonly recorded?: () => void;
}

export function createCopier(options: CopyOptions): Copier {
  const { bounds, clock } = options;
  let tables = copyOrder(options.tables, options.cursors);
  const cursors = new Map(Object.entries(options.cursors));
  const budget = createCopyBudget({ rowsPerSecond: bounds.rowsPerSecond, clock });
  const rate = createCopyRate(clock);
  const ordered = new Map<string, Order>();
  let xids = createStreamedXids();
  let baseline = false;
  let reading: Reading | null = null;
  let held: Held | null = null;
  let given: { readonly table: string; readonly cursor: CopyCursor; readonly recorded?: () => void } | null = null;
  let previous: Held | null = null;
  let retry: NodeJS.Timeout | undefined;
  let pacing: NodeJS.Timeout | undefined;
  let paused = false;
  let closed = false;
  let turn = Promise.resolve();
  let pruneAt = manyXids;

  const cursorOf = (table: string): CopyCursor => cursors.get(table) ?? { done: false, after: null, rows: 0 };
  const nextTable = () => tables.find((table) => !cursorOf(table.name).done);
  // Asked at each transaction of the stream, of which there may be tens of thousands a second.
  let next = nextTable();
  const isBusy = () => closed || reading !== null || held !== null || given !== null;

  function start(): void {
    if (isBusy() || pacing !== undefined) return;
    const point = ordered.size > 0 ? options.closedPoint() : null;
    if (point !== null) return beginAgain(point);
    if (!next || paused) return;
    const table = next;
    const { after } = cursorOf(table.name);
    const same = previous?.request.table === table ? previous.chunk : null;
    const limit = Math.min(nextLimit(bounds, same), budget.rowsAtOnce);
    const wait = budget.waitMs(limit);
    if (wait > 0) {
      pacing = setTimeout(() => {
        pacing = undefined;
        start();
      }, wait);
      return;
    }
    const request = { table, after, limit };
    // Set at once: `start` may be called again while this is on its way.
    reading = { table: table.name, touched: new Set(), truncated: false };
    exclusively(() => read(request, firstDelayMs));
  }

  /** The connection runs one statement at a time. */
  function exclusively(work: () => Promise<void>): void {
    turn = turn
      .then(() => (closed ? undefined : work()))
      .catch((error: unknown) => {
        if (!closed) options.onFailed(error);
      });
  }

  async function read(request: ChunkRequest, delayMs: number): Promise<void> {
    const client = await options.client();
    if (!baseline) for (const xid of await takeBaseline(client)) xids.add(xid);
    baseline = true;
    budget.issue(request.limit);
    // Nothing may be awaited between these lines: what was streamed before `issue` must be visible to the read, what is
    // streamed after it is dropped from the chunk. A transaction that came between would be neither, and be set back.
    xids.issue();
    const issued: Reading = { table: request.table.name, touched: new Set(), truncated: false };
    reading = issued;
    const chunk = await options.readChunk(client, request);
    if (closed) return;
    const again = options.mustReadAgain({ streamedXids: xids.beforeIssue, snapshot: chunk.snapshot });
    xids.forgetVisible(chunk.snapshot);
    if (again || issued.touched.size >= maxTouched) {
      const longer = Math.min(delayMs * 2, maxDelayMs);
      if (longer === maxDelayMs && delayMs < maxDelayMs) options.onWaiting(request.table.name);
      const pause = Math.max(delayMs, budget.waitMs(request.limit));
      retry = setTimeout(() => exclusively(() => read(request, longer)), pause);
    } else {
      hold(request, chunk, issued);
    }
  }

  async function prune(): Promise<void> {
    xids.forgetVisible(await takeSnapshot(await options.client()));
    pruneAt = xids.size + manyXids;
  }

  function hold(request: ChunkRequest, chunk: Chunk, { touched, truncated }: Reading): void {
    const rows = new Map<string, Row>();
    const keyOf = createKeyOf(request.table);
    for (const row of chunk.rows) {
      const key = keyText(keyOf(row));
      // The stream has a later word on this row: its change is in the log, or ahead of this chunk.
      if (!truncated && !touched.has(key)) rows.set(key, row);
    }
    reading = null;
    held = { request, chunk, readAt: options.now(), rows };
    const point = options.closedPoint();
    if (point !== null) release(point);
    if (held) options.onHeld();
  }

  function release(lsn: string): void {
    if (!held) return;
    const { request, chunk, rows, readAt } = held;
    // Until the stream has passed all that the read saw, changes older than the read may still come, and each of them
    // would set its row back. An empty chunk has no row to set back.
    if (chunk.rows.length > 0 && compareDecimal(lsn, chunk.writtenBelow) < 0) return;
    const { table } = request;
    const before = cursorOf(table.name);
    const lastRow = chunk.rows.at(-1);
    const cursor: CopyCursor = {
      done: chunk.last,
      after: lastRow ? createKeyOf(table)(lastRow) : before.after,
      rows: before.rows + chunk.rows.length,
      ...(before.request === undefined ? {} : { request: before.request }),
    };
    given = { table: table.name, cursor };
    previous = held;
    held = null;
    options.onReady({ table, rows: [...rows.values()], cursor, readAt }, lsn);
  }

  /**
   * An order to copy a table again becomes true on the log, as a cursor at its start: from then on it survives us, and is
   * obeyed once. What was streamed while there was nothing to copy is not known here, and what is known may be days old:
   * the baseline is taken anew.
   */
  function beginAgain(lsn: string): void {
    const [order] = ordered;
    if (!order) return;
    const [name, { request, ...told }] = order;
    ordered.delete(name);
    const table = tables.find((each) => each.name === name);
    if (!table) return;
    given = {
      table: name,
      cursor: { done: false, after: null, rows: 0, ...(request === undefined ? {} : { request }) },
      ...told,
    };
    previous = null;
    xids = createStreamedXids();
    baseline = false;
    options.onReady({ table, rows: [], cursor: given.cursor, readAt: options.now() }, lsn);
  }

  function renew(table: CapturedTable): void {
    tables = tables.map((each) => (each.name === table.name ? table : each));
    next = nextTable();
  }

  return {
    start,
    obey(orders) {
      paused = orders.paused;
      for (const [table, request] of Object.entries(orders.again)) {
        if (cursorOf(table).request !== request && given?.cursor.request !== request) {
          ordered.set(table, { ...ordered.get(table), request });
        }
      }
      start();
    },
    renew,
    again(table, recorded) {
      renew(table);
      const { request = cursorOf(table.name).request } = ordered.get(table.name) ?? {};
      ordered.set(table.name, { request, recorded });
      start();
    },
    begin(xid) {
      if (next) xids.add(xid);
      if (xids.size >= pruneAt) {
        pruneAt = Infinity;
        exclusively(prune);
      }
    },
    touched(table, key) {
      if (reading?.table === table && reading.touched.size < maxTouched) reading.touched.add(keyText(key));
      if (held?.request.table.name === table) held.rows.delete(keyText(key));
    },
    watches: (table) => reading?.table === table || held?.request.table.name === table,
    truncated(table) {
      // What the read saw was removed, or was written after the TRUNCATE and comes with the stream, which is behind it.
      if (reading?.table === table) reading.truncated = true;
      if (held?.request.table.name === table) held.rows.clear();
    },
    closed(lsn) {
      release(lsn);
      if (ordered.size > 0 && !isBusy()) beginAgain(lsn);
    },
    appended() {
      if (given) {
        rate.appended(given.table, given.cursor.rows - cursorOf(given.table).rows);
        cursors.set(given.table, given.cursor);
        given.recorded?.();
      }
      given = null;
      next = nextTable();
      start();
    },
    get holding() {
      return held !== null;
    },
    get done() {
      return next === undefined && ordered.size === 0;
    },
    progress() {
      const perSecond = next && !paused ? rate.perSecond(next.name) : null;
      return copyProgress({ tables, cursors: cursorOf, perSecond });
    },
    close() {
      closed = true;
      clearTimeout(retry);
      clearTimeout(pacing);
    },
  };
}
