import type { Kafka } from 'kafkajs';
import { Blocked, Unavailable } from '../model/errors';
import { readExtents, type Extent } from './extents';
import { openFeed } from './feed';
import { defaultKeyLimits, KeySet, type Bucket, type KeyLimits } from './key-set';

export interface LiveKeysOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly signal: AbortSignal;
  /** The brokers have answered: what a slice takes as a sign of life. */
  readonly onAlive: () => void;
  readonly limits?: KeyLimits;
}

/** Without an answer for so long a pass gives up: an open transaction of a dead producer ends within 15 s. */
const patienceMs = 20_000;

/**
 * The keys a topic holds a row for: those whose last record is no tombstone. Given out in pages, each key once, as they
 * stood when the page's pass began; nobody else may write meanwhile. A table may have more keys than memory, so a pass
 * that finds too many keeps half of them, by hash, and another pass reads the topic again for the others.
 *
 * Throws `Unavailable`, or `Blocked` log-truncated when the topic is cut meanwhile; the signal's reason when it aborts.
 */
export async function* liveKeys(options: LiveKeysOptions): AsyncGenerator<readonly Buffer[], void, undefined> {
  const waiting: Bucket[] = [{ modulus: 1, remainder: 0 }];
  for (let bucket = waiting.pop(); bucket; bucket = waiting.pop()) {
    const { keys, left } = await pass(options, bucket);
    waiting.push(...left);
    yield [...keys].map((key) => Buffer.from(key));
  }
}

async function pass(options: LiveKeysOptions, bucket: Bucket): Promise<KeySet> {
  const { kafka, topic, signal, onAlive } = options;
  const found = new KeySet(bucket, options.limits ?? defaultKeyLimits);
  const extents = (await readExtents(kafka, { [topic]: 0 })).get(topic);
  if (!extents) throw cut(topic);
  const progress = new Progress(topic, extents);
  if (progress.done) return found;
  const ended = new Ended(topic, signal);
  const feed = await openFeed({
    kafka,
    purpose: 'slipstream-live-keys',
    topics: { [topic]: extents.length },
    fetch: { waitMs: 100, bytes: 8 << 20, bytesPerPartition: 1 << 20 },
    start: (_topic, partition) => progress.next(partition),
    onRecords: (_topic, partition, messages) => {
      // After a rejoin records come again: an old value must not bring back a key whose tombstone was seen.
      for (const message of messages) if (progress.isNew(partition, Number(message.offset))) found.add(message);
    },
    onPassed: (_topic, partition, offset) => {
      progress.passed(partition, offset);
      onAlive();
      ended.postpone();
      if (progress.done) ended.resolve();
    },
    onJoined: () => undefined,
    onReset: () => ended.reject(cut(topic)),
    onFailed: (error) => ended.reject(error),
  }).catch((error: unknown) => {
    ended.dispose();
    throw error;
  });
  try {
    await ended.promise;
    return found;
  } finally {
    ended.dispose();
    await feed.close();
  }
}

/** How far each partition was read; the end is where it was when the pass began. */
class Progress {
  private readonly at: number[];

  constructor(
    private readonly topic: string,
    private readonly extents: readonly Extent[],
  ) {
    this.at = extents.map(({ low }) => low);
  }

  next(partition: number): number {
    return this.at[partition] ?? 0;
  }

  isNew(partition: number, offset: number): boolean {
    return offset >= this.next(partition);
  }

  passed(partition: number, offset: number): void {
    if (this.extents[partition] === undefined) throw new RangeError(`${this.topic} has no partition ${partition}.`);
    this.at[partition] = Math.max(this.next(partition), offset);
  }

  get done(): boolean {
    return this.extents.every(({ high }, partition) => this.next(partition) >= high);
  }
}

/** The end of a pass: reached, failed, told to end, or nothing heard for too long. */
class Ended {
  readonly promise: Promise<void>;
  resolve: () => void = () => undefined;
  reject: (error: Error) => void = () => undefined;
  private timer: NodeJS.Timeout;
  private readonly onAbort = () => this.reject(this.signal.reason as Error);

  constructor(
    private readonly topic: string,
    private readonly signal: AbortSignal,
  ) {
    this.promise = new Promise<void>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => undefined); // the feed may fail before anybody awaits
    this.timer = this.patience();
    if (signal.aborted) this.onAbort();
    signal.addEventListener('abort', this.onAbort);
  }

  postpone(): void {
    clearTimeout(this.timer);
    this.timer = this.patience();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.signal.removeEventListener('abort', this.onAbort);
  }

  private patience(): NodeJS.Timeout {
    return setTimeout(() => {
      const what = `${this.topic} could not be read to its end: nothing new came for ${patienceMs / 1000} s.`;
      this.reject(new Unavailable(`${what} Check that the brokers are up. It is tried again.`));
    }, patienceMs);
  }
}

function cut(topic: string): Blocked {
  return new Blocked(
    'log-truncated',
    `${topic} was cut or deleted while its keys were read. Do not delete records of the log by hand; check that topic.`,
  );
}
