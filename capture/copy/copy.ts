import type { CopyCursor } from '../../stream/log';
import type { CapturedTable } from '../source/catalogue';
import { createCopyBudget } from './budget';
import { nextLimit, OtherColumns, type Chunk } from './chunk';
import type { Copier, CopyOptions, KeyOrder } from './copier';
import { createCursors } from './cursors';
import { createGiven } from './given';
import { createKeyOrders } from './key-orders';
import { judgeKeys, refusalOf } from './keyed';
import { holdChunk, isEmpty, isPage, isPassed, type CopyRequest, type Held } from './held';
import { copyOrder } from './order';
import { copyProgress, createCopyRate } from './progress';
import { empty, isWatched, maxTouched, touch, type Reading } from './reading';
import { beginRequest, keysRequest, missingRequest, pageRequest, sweptRequest } from './requests';
import { begunAgain, widened, type Order } from './steps';
import { createStreamed } from './streamed';
import { createKeySupply, sweptAtOnce } from './sweep';
import { keyText } from '../values';

/** A commit that is decodable and not visible becomes visible soon, or waits for a standby: ask again, ever less often. */
const firstDelayMs = 5;
const maxDelayMs = 500;
/** As they were read (Invariant 10): one that waits for the stream, and one read while it does. */
const mostHeld = 2;

export function createCopier(options: CopyOptions): Copier {
  const { bounds, clock } = options;
  let tables = copyOrder(options.tables, options.cursors);
  const cursors = createCursors(options.cursors);
  const budget = createCopyBudget({ rowsPerSecond: bounds.rowsPerSecond, clock });
  const rate = createCopyRate(clock);
  const ordered = new Map<string, Order>();
  const keyOrders = createKeyOrders();
  const streamed = createStreamed();
  const supply = createKeySupply(options.writtenKeys);
  let looking = false;
  let reading: Reading | null = null;
  let held: Held[] = [];
  const given = createGiven();
  let previous: Pick<Held, 'request' | 'chunk'> | null = null;
  let retry: NodeJS.Timeout | undefined;
  let pacing: NodeJS.Timeout | undefined;
  let paused = false;
  let closed = false;
  let turn = Promise.resolve();

  const nextTable = () => tables.find((table) => !cursors.of(table.name).done);
  // Asked at each transaction of the stream, of which there may be tens of thousands a second.
  let next = nextTable();
  const isReading = () => closed || looking || reading !== null || held.length >= mostHeld;

  /**
   * A chunk is read while those before it wait for the stream, or are on their way to the log: a source that waited for
   * Kafka, and Kafka for it, would be half of the time (docs/performance.md). Nothing is read ahead of an order, of a
   * table or of keys.
   */
  function start(): void {
    if (isReading() || pacing !== undefined) return;
    const [order] = ordered;
    if (order) return cursors.ahead === 0 ? beginAgain(...order) : undefined;
    if (paused) return;
    if (keyOrders.next) return cursors.ahead === 0 ? beginKeys(keyOrders.next) : undefined;
    const table = tables.find(({ name }) => !cursors.then(name).done);
    if (!table) return;
    const { after, sweep } = cursors.then(table.name);
    // Its keys are those of the log as it was ordered on: not before that is there.
    if (sweep === 'now' && cursors.ahead > 0) return;
    const same = previous?.request.table === table ? previous.chunk : null;
    const limit = Math.min(sweep === 'now' ? sweptAtOnce : nextLimit(bounds, same), budget.rowsAtOnce);
    const wait = budget.waitMs(limit);
    if (wait > 0) {
      pacing = setTimeout(() => {
        pacing = undefined;
        start();
      }, wait);
      return;
    }
    if (sweep === 'now') lookFor(table, limit);
    else readSoon(pageRequest(table, after, limit));
  }

  /** The next keys of a sweep: of those that have no row, deletes are appended as of single rows. */
  function lookFor(table: CapturedTable, limit: number): void {
    looking = true;
    supply
      .next(table.name, limit)
      .then((keys) => {
        looking = false;
        if (closed) return;
        const swept = () => options.onSwept(table.name, supply.swept);
        readSoon(keys === null ? sweptRequest(table, swept) : missingRequest(table, keys));
      })
      .catch((error: unknown) => {
        if (!closed) options.onFailed(error);
      });
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
    streamed.forget();
    readSoon(
      keysRequest(table, order, ({ chunk, rows, missing }) =>
        keyOrders.advance(order, { keys: chunk.answered, copied: rows.rows.length, deleted: missing.rows.length }),
      ),
    );
  }

  function endKeys({ request, table }: KeyOrder, refused: string): void {
    keyOrders.end({ request, table, copied: 0, deleted: 0, refused });
    reading = null;
    options.onHeld(); // whoever ordered it wants to hear of it
  }

  /** The connection runs one statement at a time. */
  function exclusively(work: () => Promise<void>): void {
    turn = turn
      .then(() => (closed ? undefined : work()))
      .catch((error: unknown) => {
        if (!closed) options.onFailed(error);
      });
  }

  async function read(asked: CopyRequest, delayMs: number): Promise<void> {
    const client = await options.client();
    await streamed.takeBaseline(client);
    // Read again, its table may be another one by now.
    const request = { ...asked, table: tables.find(({ name }) => name === asked.table.name) ?? asked.table };
    budget.issue(request.limit);
    // Nothing may be awaited between these lines: what was streamed before `issue` must be visible to the read, what is
    // streamed after it is dropped from the chunk. A transaction that came between would be neither, and be set back.
    streamed.issue();
    const issued: Reading = { table: request.table.name, touched: new Set(), truncated: false };
    reading = issued;
    const chunk = await options.readChunk(client, request).catch((error: unknown) => notRead(request, error, delayMs));
    if (closed || chunk === null) return;
    const again = options.mustReadAgain({ streamedXids: streamed.beforeIssue, snapshot: chunk.snapshot });
    streamed.forgetVisible(chunk.snapshot);
    // An empty page ends the table: what is not visible may have been written before the table was published, and never streams.
    if ((again || issued.touched.size >= maxTouched) && (!isEmpty(chunk) || isPage(request))) {
      if (delayMs < maxDelayMs && delayMs * 2 >= maxDelayMs) options.onWaiting(request.table.name);
      readAgain(request, delayMs);
    } else {
      hold(request, chunk, issued);
    }
  }

  function readAgain(request: CopyRequest, delayMs: number): void {
    const longer = Math.min(delayMs * 2, maxDelayMs);
    const pause = Math.max(delayMs, budget.waitMs(request.limit));
    retry = setTimeout(() => exclusively(() => read(request, longer)), pause);
  }

  function notRead(request: CopyRequest, error: unknown, delayMs: number): null {
    if (!(error instanceof OtherColumns)) return refusedKeys(request, error);
    if (closed) return null;
    options.onOutdated();
    readAgain(request, delayMs);
    return null;
  }

  /** What an operator mistyped must not stop the stream; any other error is the session's. */
  function refusedKeys({ table, order }: CopyRequest, error: unknown): null {
    const why = order ? refusalOf(table, error) : null;
    if (!order || why === null) throw error;
    endKeys(order, why);
    return null;
  }

  function hold(request: CopyRequest, chunk: Chunk, since: Reading): void {
    reading = null;
    if (request.missingOnly) {
      supply.looked(chunk.answered, chunk.missing.length);
      // Of keys that all have their rows there is nothing to append, not even a position.
      if (chunk.missing.length === 0) return start();
    }
    const { table, recorded } = request;
    const cursor = request.advance(cursors.then(table.name), chunk);
    const behind = { request, chunk, cursor, readAt: options.now(), ...holdChunk(request, chunk, since) };
    cursors.come(table.name, cursor, recorded && (() => recorded(behind)));
    if (isPage(request)) previous = { request, chunk };
    held.push(behind);
    const point = options.closedPoint();
    if (point !== null) release(point);
    if (held.length > 0) options.onHeld();
    start();
  }

  /** In their order: cursors become true one after the other. */
  function release(lsn: string): void {
    const [first, ...others] = held;
    if (!first || given.enough || !isPassed(first, lsn)) return;
    const { request, chunk, rows, missing, cursor, readAt } = first;
    held = others;
    given.give(chunk.bytes);
    const ready = { table: request.table, rows: rows.rows, missing: missing.rows, bytes: chunk.bytes, cursor, readAt };
    options.onReady(ready, lsn);
    release(lsn);
    start();
  }

  /**
   * An order to copy a table again becomes true on the log, as a cursor at its start: from then on it survives us, and is
   * obeyed once. What was streamed while there was nothing to copy is not known here, and what is known may be days old:
   * the baseline is taken anew. The cursor stands behind all that was written until now: a sweep then finds in the log
   * every key that it is about.
   */
  function beginAgain(name: string, order: Order): void {
    const table = tables.find((each) => each.name === name);
    if (!table) return void ordered.delete(name);
    previous = null;
    supply.drop();
    streamed.forget();
    const begin = (before: CopyCursor) => {
      // Told of once more meanwhile, it begins once more.
      if (ordered.get(name) === order) ordered.delete(name);
      return begunAgain(before, order);
    };
    readSoon(beginRequest(table, begin, () => order.recorded?.()));
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
        if (cursors.begun(table, request) || ordered.get(table)?.request === request) continue;
        // Whoever orders it wants the table to be as the source is.
        ordered.set(table, { ...ordered.get(table), request, extent: 'both' });
      }
      keyOrders.tell(orders.keys ?? []);
      start();
    },
    renew,
    again(table, extent, recorded) {
      renew(table);
      const before = ordered.get(table.name);
      ordered.set(table.name, { request: before?.request, extent: widened(extent, before?.extent), recorded });
      start();
    },
    begin(xid) {
      if (next || reading || keyOrders.next) streamed.add(xid);
      if (streamed.takeMany()) exclusively(async () => streamed.prune(await options.client()));
    },
    touched: (table, key) => touch({ reading, held }, table, keyText(key)),
    watches: (table) => isWatched({ reading, held }, table),
    truncated: (table) => empty({ reading, held }, table),
    closed: release,
    appended(chunks = 1) {
      for (let each = 0; each < chunks; each += 1) {
        const part = cursors.appended();
        if (part) rate.appended(part.table, part.rows);
      }
      given.appended(chunks);
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
      supply.drop();
      clearTimeout(retry);
      clearTimeout(pacing);
    },
  };
}
