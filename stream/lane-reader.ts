import type { Kafka } from 'kafkajs';
import { Blocked } from '../model/errors';
import { positionsTopic } from '../model/names';
import { canonicalOffsets, offsetOf, type Offsets } from '../model/offsets';
import { LaneSession, type SessionOptions } from './lane-session';
import type { Ahead, LaneReader, LogBatch } from './log';

export interface LaneReaderOptions {
  readonly kafka: Kafka;
  readonly prefix: string;
  /** Table topic of this lane → partition count. */
  readonly topics: Readonly<Record<string, number>>;
  /** The log this lane follows: another one under the same names is `Blocked` log-replaced. */
  readonly logId: string;
  /** `log.windowDays` in milliseconds. */
  readonly windowMs: number;
  readonly clientId: string;
  /** Milliseconds since the Unix epoch; injected by tests. */
  readonly now?: () => number;
  /** All buffers together; default 32 MiB. */
  readonly bufferBytes?: number;
  /** After this long without any answer of the brokers `next` rejects with `Unavailable`; default 15 s. */
  readonly silenceMs?: number;
}

/** Opens nothing yet: the consumer joins at the first `seek`, when it is known where to begin. */
export function openLaneReader(options: LaneReaderOptions): Promise<LaneReader> {
  return Promise.resolve(new Reader({ ...options, now: options.now ?? Date.now }));
}

class Reader implements LaneReader {
  readonly logId: string;
  private session: LaneSession | null = null;

  constructor(private readonly options: SessionOptions) {
    this.logId = options.logId;
  }

  async seek(next: Offsets): Promise<void> {
    const start = startOf(this.options, next);
    const wanted = canonicalOffsets(start.offsets);
    // Between two slices of a warm lane: nothing to do, and what has been fetched meanwhile is kept.
    if (this.session && !this.session.failure && canonicalOffsets(this.session.cut.next()) === wanted) return;
    await this.close();
    const session = new LaneSession(this.options, start);
    try {
      await session.open();
    } catch (error) {
      await session.close().catch(() => undefined);
      throw error;
    }
    this.session = session;
  }

  async next({
    maxRecords,
    maxBytes = Infinity,
    waitMs,
    until,
    signal,
  }: {
    maxRecords: number;
    maxBytes?: number;
    waitMs: number;
    until?: string;
    signal: AbortSignal;
  }): Promise<LogBatch | null> {
    const { session, options } = this;
    if (!session) throw new Error('A lane reader reads after `seek` only: call it with the offsets of the store.');
    const deadline = performance.now() + waitMs;
    const bound = until === undefined ? null : Number(until);
    for (;;) {
      await session.checked;
      session.assertWhole();
      if (signal.aborted || (bound !== null && session.cut.positionsNext >= bound)) return null;
      const piece = session.cut.take({
        ...{ maxRecords, maxBytes, until: bound, windowStart: options.now() - options.windowMs },
      });
      if (piece) {
        session.balance();
        return piece;
      }
      const left = deadline - performance.now();
      if (left <= 0) {
        session.assertHeard();
        return null;
      }
      await session.changed(left, signal);
    }
  }

  ahead(): Ahead {
    return this.session?.cut.ahead() ?? { caughtUp: false, records: 0, oldestAt: null };
  }

  async close(): Promise<void> {
    const { session } = this;
    this.session = null;
    await session?.close();
  }
}

/** Every partition of the lane with the offset it begins at; what `next` does not name begins with the log. */
function startOf({ topics, prefix }: SessionOptions, next: Offsets) {
  const positions = positionsTopic(prefix);
  const positionsNext = Number(offsetOf(next, positions, 0) ?? 0);
  const wanted = Object.entries(topics).flatMap(([topic, partitions]) => {
    const known = Object.keys(next[topic] ?? {}).length;
    if (known > partitions) {
      throw new Blocked(
        'log-replaced',
        `The store has offsets of ${known} partitions of ${topic} and the pipeline says ${partitions}: rows would change ` +
          'partitions and lose their order. Set log.partitions back, or rebuild the store from a log of its own.',
      );
    }
    return Array.from({ length: partitions }, (_, partition) => ({
      topic,
      partition,
      next: Number(offsetOf(next, topic, partition) ?? 0),
    }));
  });
  const offsets: Record<string, Record<string, string>> = { [positions]: { '0': String(positionsNext) } };
  for (const { topic, partition, next: offset } of wanted) (offsets[topic] ??= {})[String(partition)] = String(offset);
  return { wanted, positionsNext, offsets };
}
