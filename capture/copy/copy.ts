import type { CapturedTable } from '../source/catalogue';
import { takeBaseline, takeSnapshot } from './baseline';
import { createCopyBudget } from './budget';
import { nextLimit, type Chunk } from './chunk';
import type { Copier, CopyOptions, KeyOrder } from './copier';
import { createCursors } from './cursors';
import { createKeyOrders } from './key-orders';
import { judgeKeys, refusalOf } from './keyed';
import { advanced, holdChunk, isPassed, type CopyRequest, type Held, type Reading } from './held';
import { copyOrder } from './order';
import { copyProgress, createCopyRate } from './progress';
import { createStreamedXids } from './snapshot';
import { keyText } from '../values';

/** A commit that is decodable and not visible becomes visible soon, or waits for a standby: ask again, ever less often. */
const firstDelayMs = 5;
const maxDelayMs = 500;
/** Keys written while one statement runs; beyond this many the chunk is read again rather than remembered (Invariant 10). */
const maxTouched = 200_000;
/** On their way to the log: one that Kafka answers to, and one made ready meanwhile. */
const mostGiven = 2;
/** As they were read (Invariant 10): one that waits for the stream, and one read while it does. */
const mostHeld = 2;
/** Streamed ids kept before the snapshot is asked which of them it sees by now. */
const manyXids = 50_000;

/** To begin a table again: by an operator, whose order has a name, or since its rows changed unsaid. */
interface Order {
  readonly request: string | undefined;
  readonly recorded?: () => void;
}

export function createCopier(options: CopyOptions): Copier {
  const { bounds, clock } = options;
  let tables = copyOrder(options.tables, options.cursors);
  const cursors = createCursors(options.cursors);
  const budget = createCopyBudget({ rowsPerSecond: bounds.rowsPerSecond, clock });
  const rate = createCopyRate(clock);
  const ordered = new Map<string, Order>();
  const keyOrders = createKeyOrders();
  let xids = createStreamedXids();
  let baseline = false;
  let reading: Reading | null = null;
  let held: Held[] = [];
  let given = 0;
  let previous: Pick<Held, 'request' | 'chunk'> | null = null;
  let retry: NodeJS.Timeout | undefined;
  let pacing: NodeJS.Timeout | undefined;
  let paused = false;
  let closed = false;
  let turn = Promise.resolve();
  let pruneAt = manyXids;

  const nextTable = () => tables.find((table) => !cursors.of(table.name).done);
  // Asked at each transaction of the stream, of which there may be tens of thousands a second.
  let next = nextTable();
  const isReading = () => closed || reading !== null || held.length >= mostHeld;
  const isBusy = () => closed || reading !== null || cursors.ahead > 0;

  /**
   * A chunk is read while those before it wait for the stream, or are on their way to the log: a source that waited for
   * Kafka, and Kafka for it, would be half of the time (docs/performance.md). Nothing is read ahead of an order, of a
   * table or of keys.
   */
  function start(): void {
    if (isReading() || pacing !== undefined) return;
    if (ordered.size > 0) {
      const point = cursors.ahead === 0 ? options.closedPoint() : null;
      if (point !== null) return beginAgain(point);
      if (cursors.ahead > 0) return;
    }
    if (paused) return;
    if (keyOrders.next) return cursors.ahead === 0 ? beginKeys(keyOrders.next) : undefined;
    const table = tables.find(({ name }) => !cursors.then(name).done);
    if (!table) return;
    const { after } = cursors.then(table.name);
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
    readSoon({ table, after, limit });
  }

  /** Set at once: `start` may be called again while it is on its way. */
  function readSoon(request: CopyRequest): void {
    reading = { table: request.table.name, touched: new Set(), truncated: false };
    exclusively(() => read(request, firstDelayMs));
  }

  /** As with a table that is begun again, what was streamed while nothing was copied is not known here. */
  function beginKeys(order: KeyOrder): void {
    const table = tables.find(({ name }) => name === order.table);
    const why = table ? judgeKeys(table, order.keys) : `${order.table} is not captured`;
    if (!table || why !== null) {
      endKeys(order, why ?? '');
      return start();
    }
    forgetStreamed();
    readSoon({ table, after: null, limit: order.keys.length, keys: order.keys, order });
  }

  function endKeys({ request, table }: KeyOrder, refused: string): void {
    keyOrders.end({ request, table, copied: 0, deleted: 0, refused });
    reading = null;
    options.onHeld(); // whoever ordered it wants to hear of it
  }

  function forgetStreamed(): void {
    xids = createStreamedXids();
    baseline = false;
  }

  /** The connection runs one statement at a time. */
  function exclusively(work: () => Promise<void>): void {
    turn = turn
      .then(() => (closed ? undefined : work()))
      .catch((error: unknown) => {
        if (!closed) options.onFailed(error);
      });
  }

  async function read(request: CopyRequest, delayMs: number): Promise<void> {
    const client = await options.client();
    if (!baseline) for (const xid of await takeBaseline(client)) xids.add(xid);
    baseline = true;
    budget.issue(request.limit);
    // Nothing may be awaited between these lines: what was streamed before `issue` must be visible to the read, what is
    // streamed after it is dropped from the chunk. A transaction that came between would be neither, and be set back.
    xids.issue();
    const issued: Reading = { table: request.table.name, touched: new Set(), truncated: false };
    reading = issued;
    const chunk = await options.readChunk(client, request).catch((error: unknown) => refusedKeys(request, error));
    if (closed || chunk === null) return;
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

  /** What an operator mistyped must not stop the stream; any other error is the session's. */
  function refusedKeys({ table, order }: CopyRequest, error: unknown): null {
    const why = order ? refusalOf(table, error) : null;
    if (!order || why === null) throw error;
    endKeys(order, why);
    return null;
  }

  async function prune(): Promise<void> {
    xids.forgetVisible(await takeSnapshot(await options.client()));
    pruneAt = xids.size + manyXids;
  }

  function hold(request: CopyRequest, chunk: Chunk, since: Reading): void {
    const { table, order } = request;
    const states = holdChunk(request, chunk, since);
    const before = cursors.then(table.name);
    const cursor = order ? before : advanced(before, table, chunk); // single rows leave the table's own copy where it is
    const part = () => ({ keys: chunk.answered, copied: states.rows.rows.length, deleted: states.missing.rows.length });
    cursors.come(table.name, cursor, order && (() => keyOrders.advance(order, part())));
    if (!order) previous = { request, chunk };
    reading = null;
    held.push({ request, chunk, cursor, readAt: options.now(), ...states });
    const point = options.closedPoint();
    if (point !== null) release(point);
    if (held.length > 0) options.onHeld();
    start();
  }

  /** In their order: cursors become true one after the other. */
  function release(lsn: string): void {
    const [first, ...others] = held;
    if (!first || given >= mostGiven || !isPassed(first, lsn)) return;
    const { request, rows, missing, cursor, readAt } = first;
    held = others;
    given += 1;
    options.onReady({ table: request.table, rows: rows.rows, missing: missing.rows, cursor, readAt }, lsn);
    release(lsn);
    start();
  }

  /**
   * An order to copy a table again becomes true on the log, as a cursor at its start: from then on it survives us, and is
   * obeyed once. What was streamed while there was nothing to copy is not known here, and what is known may be days old:
   * the baseline is taken anew.
   */
  function beginAgain(lsn: string): void {
    const [order] = ordered;
    if (!order) return;
    const [name, { request, recorded }] = order;
    ordered.delete(name);
    const table = tables.find((each) => each.name === name);
    if (!table) return;
    const cursor = { done: false, after: null, rows: 0, ...(request === undefined ? {} : { request }) };
    cursors.come(name, cursor, recorded);
    given += 1;
    previous = null;
    forgetStreamed();
    options.onReady({ table, rows: [], missing: [], cursor, readAt: options.now() }, lsn);
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
        if (!cursors.begun(table, request)) ordered.set(table, { ...ordered.get(table), request });
      }
      keyOrders.tell(orders.keys ?? []);
      start();
    },
    renew,
    again(table, recorded) {
      renew(table);
      const { request = cursors.of(table.name).request } = ordered.get(table.name) ?? {};
      ordered.set(table.name, { request, recorded });
      start();
    },
    begin(xid) {
      if (next || reading || keyOrders.next) xids.add(xid);
      if (xids.size >= pruneAt) {
        pruneAt = Infinity;
        exclusively(prune);
      }
    },
    touched(table, key) {
      if (reading?.table === table && reading.touched.size < maxTouched) reading.touched.add(keyText(key));
      for (const { request, rows, missing } of held) {
        if (request.table.name !== table) continue;
        rows.drop(keyText(key));
        missing.drop(keyText(key));
      }
    },
    watches: (table) => reading?.table === table || held.some(({ request }) => request.table.name === table),
    truncated(table) {
      // What the read saw was removed, or was written after the TRUNCATE and comes with the stream, which is behind it.
      if (reading?.table === table) reading.truncated = true;
      for (const { request, rows, missing } of held) {
        if (request.table.name !== table) continue;
        rows.clear();
        missing.clear();
      }
    },
    closed(lsn) {
      release(lsn);
      if (ordered.size > 0 && !isBusy()) beginAgain(lsn);
    },
    appended() {
      const part = cursors.appended();
      given -= 1;
      if (part) rate.appended(part.table, part.rows);
      next = nextTable();
      const point = held.length === 0 ? null : options.closedPoint();
      if (point !== null) release(point);
      start();
    },
    get holding() {
      return held.length > 0;
    },
    get done() {
      return next === undefined && ordered.size === 0 && keyOrders.next === null;
    },
    get keysCopied() {
      return keyOrders.ended;
    },
    progress() {
      const perSecond = next && !paused ? rate.perSecond(next.name) : null;
      return copyProgress({ tables, cursors: (table) => cursors.of(table), perSecond });
    },
    close() {
      closed = true;
      clearTimeout(retry);
      clearTimeout(pacing);
    },
  };
}
