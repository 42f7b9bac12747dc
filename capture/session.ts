import { performance } from 'node:perf_hooks';
import { Unavailable } from '../model/errors';
import { readsBack, recordRules } from '../model/pipeline';
import type { CaptureProgress } from '../model/status';
import { encodeChange } from '../stream/envelope';
import { encodeMessage } from '../stream/message-format';
import { createBell } from './bell';
import { describeColumns } from './source/relation-types';
import { createTurns } from './turns';
import { closeAll, openParts, type Opened } from './opened';
import { translateSourceError } from './source/connection';
import { noCopyOrders, type Copier, type CopyOrders } from './copy/copier';
import { createCopier } from './copy/copy';
import { createChunkSupply } from './copy/records';
import { leftOut } from './copy/steps';
import { forward, type Forwarding, type RunEnd } from './forward';
import { createIntake } from './intake';
import { countMessages } from './messages';
import { defaultCaptureParts, type CaptureOptions, type CaptureParts } from './parts';
import { logReplaced } from './source/prepare';
import { lagBytes, readWal } from './progress';
import { createKnownTables } from './known-tables';
import { createLayouts } from './layouts';
import { createSlotWatch } from './slot-watch';
import { readSlotSample } from './source/slot-sample';

export { defaultCaptureParts, type CaptureOptions, type CaptureParts } from './parts';
export type { CopyOrders, KeyOrder } from './copy/copier';
export { lookAtSlot } from './look-at-slot';
export { prepareCapture, readTables, surveySource } from './source/prepare';

/** One replication stream and one log writer, open as long as nothing goes wrong. */
export interface CaptureSession {
  /** Counted since this session was opened. */
  readonly progress: CaptureProgress;
  /** Bytes of WAL that the slot makes the source keep, seen within the last second of a run; null before the first. */
  readonly retainedBytes: number | null;
  /**
   * Forwards until `signal` aborts (after the append in flight), until `batches` appends carried records, or until
   * `maxMs` is over and a position record was appended or the source was seen idle. Between two runs the socket rests
   * and the stream stays open. `onProgress` is called only while socket or Kafka moves or the source is idle. After an
   * error the session is dead: close it and open another.
   */
  run(options: {
    readonly signal: AbortSignal;
    readonly maxMs: number;
    readonly batches?: number;
    /** In force from now until the next run; none by default. */
    readonly copy?: CopyOrders;
    readonly onProgress: (progress: CaptureProgress) => void;
  }): Promise<RunEnd>;
  close(): Promise<void>;
}

/** A look at the catalogue is one statement; what it may find is a change by hand, which nobody waits for. */
const tableLookMs = 5_000;

/**
 * Opens the pipeline's one session. The order is the guarantee: the writer's fence, then the log's last record (read by
 * the writer), then the source's identity, then the slot is freed, then the stream. Throws `Blocked` when going on would
 * skip something (Invariant 9), else `Unavailable`, `Fenced` or `InvalidConfig`; nothing stays open then.
 */
export async function openCaptureSession(
  options: CaptureOptions,
  parts: CaptureParts = defaultCaptureParts,
): Promise<CaptureSession> {
  if (options.logId === null) throw logReplaced(options, null);
  const cleanup: (() => Promise<void>)[] = [];
  try {
    const opened = await openParts({ ...options, logId: options.logId }, parts, cleanup);
    return createSession(options, parts, opened, () => closeAll(cleanup));
  } catch (error) {
    await closeAll(cleanup).catch(() => undefined); // the first error is the one to tell
    throw translateSourceError(error);
  }
}

function createSession(
  options: CaptureOptions,
  parts: CaptureParts,
  opened: Opened,
  closeOpened: () => Promise<void>,
): CaptureSession {
  const { pipeline } = options;
  const { replication, writer, last, control, tableWatch, copyClient } = opened;
  const { tables } = tableWatch;
  const inTurn = createTurns();
  const bell = createBell();
  const pending = parts.pending();
  const context = {
    prefix: pipeline.log.prefix,
    database: replication.system.database,
    partitions: pipeline.log.partitions,
    limit: { bytes: writer.maxRecordBytes, oversized: recordRules(pipeline).oversized },
  };
  const wanted = new Set(pipeline.source.messages);
  const messages = countMessages([...wanted], last);
  const copier: Copier = createCopier({
    client: copyClient,
    tables,
    cursors: last.copies,
    bounds: pipeline.source.copy,
    readChunk: parts.readChunk,
    writtenKeys: (table, signal) => parts.writtenKeys(options, table, { signal, onAlive: () => undefined }),
    mustReadAgain: parts.mustReadAgain,
    now: parts.now,
    clock: () => performance.now(),
    closedPoint: () => intake.closedPoint(),
    onReady(chunk, lsn) {
      pending.addChunk(
        createChunkSupply(chunk, lsn, { context, form: writer.batches }),
        { table: chunk.table.name, cursor: chunk.cursor },
        lsn,
      );
      bell.ring();
    },
    onHeld: () => {
      // Not by the loop, which may be at an append: the answer comes meanwhile.
      replication.requestKeepalive();
      bell.ring();
    },
    onSwept: (table, swept) =>
      options.log('info', 'a table was swept: what the log had a row for and the source has not is deleted', {
        pipeline: pipeline.name,
        ...{ table, ...swept },
      }),
    onWaiting: (table) =>
      options.log('warn', 'the copy waits for transactions that are open: see pg_stat_activity, pg_prepared_xacts', {
        pipeline: pipeline.name,
        table,
      }),
    onOutdated: () => void (tablesLookedAt = -Infinity),
    onFailed: (error) => intake.fail(error),
  });
  const known = createKnownTables({
    last,
    watch: tableWatch,
    copyAgain: (table, extent, recorded) => copier.again(table, extent, recorded),
    renew: (table) => copier.renew(table),
    log: (table, { why, extent }) =>
      options.log('warn', 'a table is copied again: its rows changed and no change told of it', {
        pipeline: pipeline.name,
        ...{ table, why, extent },
      }),
  });
  const intake = createIntake({
    tables,
    layouts: createLayouts({ tables, describe: (columns) => inTurn(() => describeColumns(control, columns)) }),
    readBack: readsBack(pipeline),
    described: (table) => known.enter(table),
    last,
    encode: (change) => encodeChange(change, context),
    straight: parts.straight(context),
    messages,
    encodeMessage: (message) => (wanted.has(message.prefix) ? encodeMessage(message, context) : null),
    pending,
    copy: {
      begin: (xid) => copier.begin(xid),
      touched: (table, key) => copier.touched(table, key),
      watches: (table) => copier.watches(table),
      truncated: (table) => copier.truncated(table),
      closed: (lsn) => copier.closed(lsn),
    },
    pause: () => replication.pause(),
    wake: () => bell.ring(),
  });

  const watch = createSlotWatch({
    pipeline: pipeline.name,
    slot: pipeline.source.slot,
    read: async () => ({
      ...(await readSlotSample(control, pipeline.source.slot, parts.now)),
      received: intake.received,
    }),
    judge: parts.judgeSlotHealth,
    now: parts.now,
    log: options.log,
  });

  let changes = 0;
  let flushLsn = replication.system.flushLsn;
  let retainedBytes: number | null = null;
  let closedLsn = last.position.lsn;
  let ended: 'closed' | 'failed' | null = null;

  const progress = (): CaptureProgress => ({
    position: writer.last?.position ?? last.position,
    changes,
    copies: copier.progress(),
    lagBytes: lagBytes(flushLsn, closedLsn),
    ...(watch.health ? { slot: watch.health } : {}),
    ...(copier.keysCopied.length > 0 ? { keysCopied: copier.keysCopied } : {}),
    at: parts.now(),
  });

  let tablesLookedAt = parts.now();
  const lookAtTables = async () => {
    tablesLookedAt = parts.now();
    const before = tableWatch.tables;
    for (const change of await tableWatch.look()) known.take(change);
    // Also those with which the log goes on as if nothing had happened.
    for (const table of tableWatch.tables) if (!before.includes(table)) copier.renew(table);
  };
  for (const change of opened.changed) known.take(change);

  const forwarding: Forwarding = {
    writer,
    ...{ schemas: known.schemas, versions: known.versions, leftOut: leftOut(last.copies, tables) },
    ...{ partitions: known.partitions, partitionDigests: known.partitionDigests },
    messages,
    pending,
    intake,
    copier,
    bell,
    liveKeys: (table, watch) => parts.liveKeys(options, table, watch),
    encode: (change) => encodeChange(change, context),
    read: (wanted) => (wanted ? replication.resume() : replication.pause()),
    hurried: () => replication.hurried,
    askForKeepalive: () => replication.requestKeepalive(),
    confirm: (lsn) => {
      closedLsn = lsn;
      parts.confirm(replication, lsn);
    },
    checkTables: () => inTurn(lookAtTables),
    look: () =>
      inTurn(async () => {
        ({ flushLsn, retainedBytes } = await readWal(control, pipeline.source.slot));
        await watch.look();
        if (parts.now() - tablesLookedAt >= tableLookMs) await lookAtTables();
      }),
    appended: (unit, ms) => {
      changes += unit.changes;
      if (unit.records.length > 0) options.onAppended?.({ changes: unit.changes, lsn: unit.position.lsn, ms });
    },
  };

  replication.pause();
  replication.stream({
    slot: pipeline.source.slot,
    publication: pipeline.source.publication,
    messages: messages.asked,
    startLsn: last.position.lsn,
    handlers: intake.handlers,
  });

  return {
    get progress() {
      return progress();
    },
    get retainedBytes() {
      return retainedBytes;
    },
    async run({ onProgress, copy = noCopyOrders, ...run }) {
      if (ended) throw new Unavailable(`This capture session has ${ended}: open another one.`);
      copier.obey(copy);
      try {
        return await forward(forwarding, { ...run, onAlive: () => onProgress(progress()) });
      } catch (error) {
        ended = 'failed';
        throw translateSourceError(error);
      }
    },
    async close() {
      ended = 'closed';
      copier.close();
      await closeOpened();
    },
  };
}
