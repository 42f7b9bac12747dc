import { performance } from 'node:perf_hooks';
import type { SchemaVersion } from '../model/schema';
import type { Closing, CopyCursor, LogWriter } from '../stream/log';
import type { Bell } from './bell';
import type { Copier } from './copy/copier';
import { gatherFor } from './gather';
import type { Intake } from './intake';
import type { MessageCounting } from './messages';
import type { Pending, Unit } from './pending';
import { emptyTable, type Emptying } from './truncation';

/** An idle source's position is written at most this often: nobody waits for it longer, and the log stays small. */
const positionOnlyMs = 1_000;
/** While a chunk of the copy waits, the server is asked this often how far it is: it would not say so by itself. */
const holdingMs = 15;
/** Otherwise so often: the answer shows that an idle source is alive. */
const askingMs = 1_000;

export interface RunOptions {
  /** Ends the run after the append in flight. */
  readonly signal: AbortSignal;
  /** The run ends at the first position record, or sign of an idle source, after this long. */
  readonly maxMs: number;
  /** Ends the run after so many appends that carry records. */
  readonly batches?: number;
  /** Called only while socket or Kafka moves or the source is idle: what Temporal takes as a sign of life. */
  readonly onAlive: () => void;
}

export type RunEnd = 'time' | 'batches' | 'cancelled';

/** What one loop needs; everything it does to the world goes through here. */
export interface Forwarding {
  readonly writer: LogWriter;
  /** Ids of the captured tables' versions, for every position record. */
  readonly schemas: NonNullable<Closing['schemas']>;
  readonly messages: MessageCounting;
  /** Of the partitioned ones, the relations that hold their rows. */
  readonly partitions: NonNullable<Closing['partitions']>;
  readonly partitionDigests: NonNullable<Closing['partitionDigests']>;
  /** Those that the log does not keep yet, to go with the next append. Emptied by it. */
  readonly versions: SchemaVersion[];
  readonly pending: Pending;
  readonly intake: Intake;
  readonly copier: Copier;
  /** Cursors of tables that are not captured, for every position record. */
  readonly leftOut: Readonly<Record<string, CopyCursor>>;
  readonly bell: Bell;
  readonly liveKeys: Emptying['liveKeys'];
  readonly encode: Emptying['encode'];
  /** Reading from the socket: paused between runs and while too much is pending. */
  readonly read: (wanted: boolean) => void;
  /** The source sends as fast as it is read. */
  readonly hurried: () => boolean;
  readonly askForKeepalive: () => void;
  readonly confirm: (lsn: string) => void;
  /** Takes note of what became of the captured tables. Throws when the log cannot go on with one of them. */
  readonly checkTables: () => Promise<void>;
  /** Once a second: how far the source is. */
  readonly look: () => Promise<void>;
  /** It is acknowledged, after so many milliseconds. */
  readonly appended: (unit: Unit, ms: number) => void;
}

/**
 * The loop: replication → transactions → log → confirm. One append at a time, and the next as soon as it is done, with
 * whatever came meanwhile: latency is one append, and batches grow by themselves with the rate.
 */
export async function forward(parts: Forwarding, options: RunOptions): Promise<RunEnd> {
  const { bell } = parts;
  const ring = () => bell.ring();
  options.signal.addEventListener('abort', ring);
  parts.intake.watchIdle();
  try {
    return await run(parts, options);
  } finally {
    options.signal.removeEventListener('abort', ring);
    parts.read(false);
  }
}

async function run(parts: Forwarding, options: RunOptions): Promise<RunEnd> {
  const { pending, intake, copier, bell } = parts;
  const started = performance.now();
  let appends = 0;
  let batches = 0;
  let appendedAt = -Infinity;
  let lookedAt = -Infinity;
  let askedAt = -Infinity;
  let arrived = -1;
  for (;;) {
    if (options.signal.aborted) return 'cancelled';
    if (batches >= (options.batches ?? Infinity)) return 'batches';
    const now = performance.now();
    if (now - started >= options.maxMs && (appends > 0 || intake.idle)) return 'time';

    // An idle source answers when it is asked, once a second: a server that hangs does not, and must not look alive.
    if (intake.arrived !== arrived) options.onAlive();
    arrived = intake.arrived;
    parts.read(!intake.full);
    copier.start();
    if (now - lookedAt >= askingMs) {
      lookedAt = now;
      await parts.look();
    }
    if (now - askedAt >= (copier.holding ? holdingMs : askingMs)) {
      askedAt = now;
      parts.askForKeepalive();
    }

    const { truncation } = pending;
    if (truncation) {
      if (intake.takeDescribed()) await parts.checkTables();
      const appendUnit = (unit: Unit) => append(parts, unit);
      const emptied = await emptyTable({ ...parts, append: appendUnit }, truncation, options);
      if (!emptied) return 'cancelled';
      pending.endTruncation(truncation);
      continue;
    }

    const enough = pending.overflowing || intake.full;
    const gathering = gatherFor({ hurried: parts.hurried(), enough, restedMs: now - appendedAt });
    if (gathering > 0) {
      await bell.wait(gathering);
      continue;
    }

    // A log that ends inside a transaction keeps readers waiting: its end does not wait for company.
    const urgent = parts.writer.last?.closed === false;
    const unit = pending.take({ positionOnly: urgent || now - appendedAt >= positionOnlyMs });
    // What is taken makes room, which is filled while it is appended.
    parts.read(!intake.full);
    if (unit) {
      if (intake.takeDescribed()) await parts.checkTables();
      await append(parts, unit);
      appends += 1;
      if (unit.records.length > 0) batches += 1;
      appendedAt = performance.now();
      options.onAlive();
    } else if (intake.failure) {
      // Last: everything that was complete before it is in the log now.
      throw intake.failure;
    } else {
      const due = positionOnlyMs - (now - appendedAt);
      // Nothing but a ring helps a transaction that is still arriving; a lone position has its time.
      await bell.wait(copier.holding ? holdingMs : !pending.empty && due > 0 ? due : askingMs);
    }
  }
}

async function append(parts: Forwarding, unit: Unit): Promise<void> {
  const { writer, schemas, partitions, partitionDigests, versions, messages, confirm, copier, appended } = parts;
  const last = writer.last;
  const known = { ...last?.copies, ...parts.leftOut };
  const copies = unit.copy ? { ...known, [unit.copy.table]: unit.copy.cursor } : known;
  const began = performance.now();
  const closing = {
    position: unit.position,
    closed: unit.closed,
    copies,
    committedAt: unit.committedAt ?? last?.committedAt ?? 0,
    schemas,
    ...(Object.keys(partitions).length > 0 ? { partitions, partitionDigests } : {}),
    described: true,
    ...(messages.counts(unit.position.lsn) && { messages: true as const }),
  } as const;
  // In one transaction with the first record that may name them: no reader meets an id that is not kept.
  const record = await writer.append(unit.records, closing, versions.splice(0));
  appended(unit, performance.now() - began);
  if (unit.copy) copier.appended(unit.copy.chunks);
  // Invariant 1: after the append, and only at a closed point. Before it, a crash between the two would lose what the
  // server has then thrown away; inside a transaction, its beginning would not be streamed again with its end.
  if (record.closed) confirm(record.position.lsn);
}
