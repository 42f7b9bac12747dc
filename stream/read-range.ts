import type { Kafka } from 'kafkajs';
import { Blocked, Unavailable } from '../model/errors';
import { openFeed, type FeedMessage } from './feed';

/**
 * Without anything new for so long: a committed transaction is readable within milliseconds, a dead writer's open one is ended by
 * its time-out (15 s). Not in all: parked records may be gigabytes.
 */
const patienceMs = 20_000;

/**
 * Hands over every committed record of a topic of one partition, from offset `from` up to `high`, in order. Resolves when
 * all of them have been seen. Throws `Unavailable` when another producer's transaction stays open, `Blocked`
 * log-truncated when the topic is cut meanwhile.
 */
export async function readRange(
  kafka: Kafka,
  { topic, from, high }: { readonly topic: string; readonly from: number; readonly high: number },
  onRecords: (messages: readonly FeedMessage[]) => void,
): Promise<void> {
  let passed = from;
  let settle: { resolve: () => void; reject: (error: Error) => void } = { resolve() {}, reject() {} };
  const reached = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
  reached.catch(() => undefined); // the feed may fail before anybody awaits
  const patience = () => setTimeout(() => settle.reject(stillOpen(topic)), patienceMs);
  let timer = patience();
  const feed = await openFeed({
    kafka,
    purpose: 'slipstream-end',
    topics: { [topic]: 1 },
    fetch: { waitMs: 100, bytes: 1 << 20, bytesPerPartition: 1 << 20 },
    start: () => passed,
    onRecords: (_topic, _partition, messages) => onRecords(messages),
    onPassed: (_topic, _partition, offset) => {
      if (offset <= passed) return;
      passed = offset;
      clearTimeout(timer);
      if (passed >= high) settle.resolve();
      else timer = patience();
    },
    onJoined: () => undefined,
    onReset: () => settle.reject(cutMeanwhile(topic)),
    onFailed: (error) => settle.reject(error),
  }).catch((error: unknown) => {
    clearTimeout(timer);
    throw error;
  });
  try {
    await reached;
  } finally {
    clearTimeout(timer);
    await feed.close();
  }
}

function stillOpen(topic: string): Unavailable {
  return new Unavailable(
    `${topic} could not be read to its end: nothing new came for ${patienceMs / 1000} s. A producer's transaction is still open there. ` +
      'It ends by itself when its time-out has passed; trying again is enough.',
  );
}

function cutMeanwhile(topic: string): Blocked {
  return new Blocked(
    'log-truncated',
    `${topic} was cut or replaced while its end was read. Do not delete records of the log by hand; check that topic.`,
  );
}
