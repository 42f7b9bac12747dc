import type { Kafka, KafkaMessage } from 'kafkajs';
import { Blocked, Unavailable } from '../model/errors';
import { positionsTopic } from '../model/names';
import { Appetite } from './appetite';
import { Cut, type PositionEntry } from './cut';
import { readExtents } from './extents';
import { openFeed, type Feed } from './feed';
import { judgeExtents, judgeWindow, type Wanted } from './gap';
import type { PositionRecord } from './log';
import { OwnRecords } from './own-records';
import type { PartitionBuffer } from './partition-buffer';
import { lookBackOffsets } from './position-changes';
import { positionEntry } from './position-entry';
import type { PositionChanges } from './position-format';
import { PositionSource } from './position-source';
import { readBase } from './positions';

/**
 * All buffers of a lane together. On top come at most two fetches (`fetchBytes`) on their way, or one record: a batch that is
 * larger than what a fetch asks for is handed out whole, and alone, or nobody could ever read it.
 */
const bufferBytes = 32 << 20;
const fetchBytes = 4 << 20;
/** An idle lane asks this often; new data is answered at once, and a resumed partition waits at most so long. */
const fetchWaitMs = 100;
const maxEntries = 4_000;
/** Brokers that say nothing for so long, not even that there is nothing new, have failed. */
const silenceMs = 15_000;

export interface SessionOptions {
  readonly kafka: Kafka;
  readonly prefix: string;
  /** Table topic of the lane → partition count. */
  readonly topics: Readonly<Record<string, number>>;
  readonly logId: string;
  readonly windowMs: number;
  readonly clientId: string;
  readonly now: () => number;
  readonly bufferBytes?: number;
  readonly silenceMs?: number;
}

/**
 * One run of a lane's consumer from one place on, forward only. Moving back means another session: a batch that was on
 * its way when kafkajs sought cannot be told from one that was fetched after, and taken for new it would be a gap.
 */
export class LaneSession {
  readonly cut: Cut;
  /** Set once, then thrown by everything. */
  failure: Error | null = null;
  /** Resolves when no check of the log is running; a failed one is in `failure` then. */
  checked: Promise<void> = Promise.resolve();
  private readonly positions: string;
  private readonly allTopics: Readonly<Record<string, number>>;
  private readonly own: OwnRecords;
  private readonly indexes = new Map<string, number[]>();
  private readonly appetite: Appetite;
  private positionsPaused = false;
  private feed: Feed | null = null;
  private joins = 0;
  /** Nothing the consumer says counts any more. */
  private deaf = false;
  private readonly closed = new AbortController();
  private positionsPassed: number;
  /** The record the lane stands at, while nothing after it has arrived; `undefined` when that is settled. */
  private standing: PositionEntry | null | undefined;
  private readonly source: PositionSource;
  private wake: () => void = () => undefined;

  constructor(
    private readonly options: SessionOptions,
    start: { readonly wanted: readonly Wanted[]; readonly positionsNext: number },
  ) {
    const { prefix, topics, logId } = options;
    this.positions = positionsTopic(prefix);
    this.allTopics = { ...topics, [this.positions]: 1 };
    this.source = new PositionSource({
      topic: this.positions,
      readBase: (since) => readBase(options.kafka, this.positions, since),
      wantedFrom: () => this.cut.positionsNext,
      onRecord: (record, message) => this.onPosition(record, message),
      onPassed: (offset, high) => this.cut.passPositions(offset, high),
    });
    this.own = new OwnRecords(logId);
    const all = options.bufferBytes ?? bufferBytes;
    const each = Math.floor(all / Math.max(1, start.wanted.length));
    this.cut = new Cut({
      prefix,
      partitions: start.wanted,
      positionsNext: start.positionsNext,
      partitionBytes: Math.min(8 << 20, Math.max(256 << 10, each)),
      maxEntries,
    });
    this.appetite = new Appetite(this.cut, all);
    for (const [at, { topic, partition }] of start.wanted.entries()) {
      const ofTopic = this.indexes.get(topic) ?? [];
      ofTopic[partition] = at;
      this.indexes.set(topic, ofTopic);
    }
    // Earlier than wanted: the record the lane stands at says how old that place is, and of which log; what comes may build upon
    // one before it.
    this.positionsPassed = Math.max(0, start.positionsNext - lookBackOffsets);
    this.standing = start.positionsNext === 0 ? undefined : null;
  }

  /** Checks the log, then joins. Throws `Blocked` log-truncated or log-replaced, or `Unavailable`. */
  async open(): Promise<void> {
    await this.check();
    this.assertWhole();
    const partitionBytes = Math.floor((this.options.bufferBytes ?? bufferBytes) / Math.max(1, this.cut.buffers.length));
    this.feed = await openFeed({
      kafka: this.options.kafka,
      purpose: this.options.clientId,
      topics: this.allTopics,
      fetch: {
        waitMs: fetchWaitMs,
        bytes: fetchBytes,
        bytesPerPartition: Math.min(1 << 20, Math.max(64 << 10, partitionBytes >> 1)),
      },
      start: (topic, partition) => this.bufferOf(topic, partition)?.passed ?? this.positionsPassed,
      onRecords: (topic, partition, messages) => this.guarded(() => this.onRecords(topic, partition, messages)),
      onPassed: (topic, partition, offset, high) => this.guarded(() => this.onPassed(topic, partition, offset, high)),
      onJoined: (assignment) => this.guarded(() => this.onJoined(assignment)),
      onReset: () => this.onReset(),
      onFailed: (error) => this.fail(error),
    });
    // What arrived while the join was being reported has paused nothing yet.
    this.balance();
  }

  async close(): Promise<void> {
    this.deaf = true;
    this.closed.abort();
    await this.feed?.close();
  }

  assertWhole(): void {
    if (this.failure) throw this.failure;
  }

  /** A broker that hangs would otherwise look like a source that rests. */
  assertHeard(): void {
    const limit = this.options.silenceMs ?? silenceMs;
    if (!this.feed || performance.now() - this.feed.heardAt() < limit) return;
    this.fail(
      new Unavailable(`The brokers of ${this.options.prefix} have not answered for ${limit / 1_000} s. Check them.`),
    );
    this.assertWhole();
  }

  /** Resolves at the next event of the consumer, after `ms`, or when the signal aborts. */
  changed(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
      this.wake = done;
    });
  }

  /** Invariant 10: whoever holds enough is not fetched. Called after everything that adds or takes. */
  balance(): void {
    const { feed } = this;
    if (!feed || this.deaf) return;
    for (const { at, paused } of this.appetite.changes()) {
      const { topic, partition } = this.cut.buffers[at] as PartitionBuffer;
      if (paused) feed.pause(topic, partition);
      else feed.resume(topic, partition);
    }
    const full = this.cut.entriesFull || this.source.waiting;
    if (full === this.positionsPaused) return;
    this.positionsPaused = full;
    if (full) feed.pause(this.positions, 0);
    else feed.resume(this.positions, 0);
  }

  /** A consumer's callback must not throw into kafkajs, which would try the batch again, several times. */
  private guarded(act: () => void): void {
    if (this.deaf || this.failure) return;
    try {
      act();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.failure ??= error instanceof Error ? error : new Error(String(error));
    this.wake();
  }

  private bufferOf(topic: string, partition: number) {
    return this.cut.buffers[this.indexes.get(topic)?.[partition] ?? -1];
  }

  private onRecords(topic: string, partition: number, messages: readonly KafkaMessage[]): void {
    if (topic === this.positions) return this.onPositions(messages);
    const buffer = this.bufferOf(topic, partition);
    this.own.each({ topic, partition, messages }, (record, offset) => buffer?.add(record, offset));
  }

  private onPositions(messages: readonly KafkaMessage[]): void {
    const { waiting } = this.source;
    const fresh = messages.filter(({ offset }) => Number(offset) >= this.positionsPassed); // else again, after a rejoin
    this.source.take(fresh);
    this.positionsPassed = Math.max(this.positionsPassed, Number(fresh.at(-1)?.offset ?? -1) + 1);
    if (waiting || !this.source.waiting) return;
    const settled = this.source.settle(this.closed.signal).then(() => this.balance());
    this.checked = Promise.all([this.checked, settled]).then(
      () => this.wake(),
      (error: unknown) => this.fail(error),
    );
  }

  private onPosition(record: PositionRecord | PositionChanges, message: KafkaMessage): void {
    const { logId, topics } = this.options;
    const offset = Number(message.offset);
    const entry = positionEntry({
      record,
      topic: this.positions,
      offset,
      at: Number(message.timestamp),
      lane: { logId, topics, partitions: this.cut.buffers },
    });
    if (offset < this.cut.positionsNext - 1) return;
    if (offset < this.cut.positionsNext) {
      this.standing = entry;
      this.cut.standAt(entry);
      return;
    }
    if (this.standing !== undefined) this.settleStanding(this.standing, entry);
    this.cut.addEntry(entry);
  }

  private settleStanding(standing: PositionEntry | null, following: PositionEntry): void {
    const { prefix, windowMs, now } = this.options;
    const blocked = judgeWindow({ prefix, standing, following, now: now(), windowMs });
    if (blocked) throw blocked;
    this.standing = undefined;
  }

  private onPassed(topic: string, partition: number, offset: number, high: number): void {
    if (topic === this.positions) {
      this.positionsPassed = Math.max(this.positionsPassed, offset);
      this.source.pass(offset, high);
    } else {
      const buffer = this.bufferOf(topic, partition);
      if (buffer) buffer.passed = Math.max(buffer.passed, offset);
    }
    this.balance();
    this.wake();
  }

  private onJoined(assignment: Readonly<Record<string, readonly number[]>>): void {
    this.joins += 1;
    for (const [topic, partitions] of Object.entries(this.allTopics)) {
      const found = assignment[topic]?.length ?? 0;
      if (found === partitions) continue;
      throw new Blocked(
        'log-replaced',
        `${topic} has ${found} partitions and its log was begun with ${partitions}: rows may have changed partitions. ` +
          'Give the pipeline another log.prefix, so that its tables are copied anew.',
      );
    }
    // Invariant 9: what happened to the log while we were away is asked before anything more is handed out.
    if (this.joins > 1) this.checked = Promise.all([this.checked, this.check()]).then(() => undefined);
  }

  private onReset(): void {
    if (this.deaf || this.failure) return;
    const message = 'Kafka said that an offset of the lane was out of range, and the log looks whole again. Seek anew.';
    this.checked = this.check().then(() => this.fail(new Unavailable(message)));
    // From here on the consumer reads from somewhere else.
    this.deaf = true;
  }

  private async check(): Promise<void> {
    try {
      const extents = await readExtents(this.options.kafka, this.allTopics);
      const wanted: Wanted[] = this.cut.buffers.map(({ topic, partition, passed }) => ({
        topic,
        partition,
        next: passed,
      }));
      const positionsNext = Math.max(this.positionsPassed, this.cut.positionsNext);
      wanted.push({ topic: this.positions, partition: 0, next: positionsNext });
      const blocked = judgeExtents({ topics: this.allTopics, wanted, extents });
      if (blocked) return this.fail(blocked);
      const { low, high } = extents.get(this.positions)?.[0] ?? { low: 0, high: 0 };
      // The record we stand at may be gone, as it is not wanted any more; asking for it would be out of range.
      this.positionsPassed = Math.max(this.positionsPassed, low);
      // A lane that stands at the very end gets no batch that could tell it so.
      this.source.pass(this.positionsPassed, high);
    } catch (error) {
      this.fail(error);
    }
  }
}
