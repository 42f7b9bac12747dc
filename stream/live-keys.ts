import type { Kafka } from 'kafkajs';
import { readExtents } from './extents';
import { openFeed } from './feed';
import { defaultKeyLimits, KeySet, type Bucket, type KeyLimits } from './key-set';
import { cut, Ended, Progress } from './scan';

export interface LiveKeysOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly signal: AbortSignal;
  /** The brokers have answered: what a slice takes as a sign of life. */
  readonly onAlive: () => void;
  readonly limits?: KeyLimits;
}

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
