import { Blocked, Unavailable } from '../model/errors';
import { positionsTopic } from '../model/names';
import type { Kafka } from 'kafkajs';
import { openFeed, type FeedMessage } from './feed';
import { readExtents } from './extents';
import type { PositionRecord } from './log';
import { parsePositionRecord } from './position-format';

/** A committed transaction is readable within milliseconds; a dead writer's open one is ended by its time-out (15 s). */
const patienceMs = 20_000;
/** Offsets looked at from the end: position records and commit markers alternate, so one step nearly always does. */
const firstStep = 64;

export interface LastPosition {
  readonly record: PositionRecord;
  /** The record's offset in the positions topic. */
  readonly offset: string;
  /** When it was appended, milliseconds since the Unix epoch. */
  readonly at: number;
}

/**
 * The last committed position record, or null for a log that has none (or is not there yet). Sees everything that was
 * committed before the call; for capture that means everything, once the fence is taken (Invariant 2). Throws
 * `Unavailable` when another producer's transaction stays open, `Blocked` undecodable for a foreign record.
 */
export async function readLastPosition({
  kafka,
  prefix,
}: {
  readonly kafka: Kafka;
  readonly prefix: string;
}): Promise<LastPosition | null> {
  const topic = positionsTopic(prefix);
  const extents = await readExtents(kafka, { [topic]: 1 });
  const extent = extents.get(topic)?.[0];
  if (!extent || extent.high === extent.low) return null;
  // Commit and abort markers take offsets too, so that "high - 1" is a marker and a run of aborted transactions may
  // hide the last record behind any number of them: step back until a record is found or the start of the log is met.
  for (let step = firstStep; ; step *= 16) {
    const from = Math.max(extent.low, extent.high - step);
    const found = await lastBetween(kafka, { topic, from, high: extent.high });
    if (found) return { record: parsePositionRecord(found, topic), offset: found.offset, at: Number(found.timestamp) };
    if (from === extent.low) return null;
  }
}

async function lastBetween(
  kafka: Kafka,
  { topic, from, high }: { topic: string; from: number; high: number },
): Promise<FeedMessage | null> {
  let last: FeedMessage | null = null;
  let passed = from;
  let settle: { resolve: () => void; reject: (error: Error) => void } = { resolve() {}, reject() {} };
  const reached = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
  reached.catch(() => undefined); // the feed may fail before anybody awaits
  const timer = setTimeout(() => settle.reject(stillOpen(topic)), patienceMs);
  const feed = await openFeed({
    kafka,
    purpose: 'slipstream-end',
    topics: { [topic]: 1 },
    fetch: { waitMs: 100, bytes: 1 << 20, bytesPerPartition: 1 << 20 },
    start: () => passed,
    onRecords: (_topic, _partition, messages) => {
      last = messages[messages.length - 1] ?? last;
    },
    onPassed: (_topic, _partition, offset) => {
      passed = Math.max(passed, offset);
      if (passed >= high) settle.resolve();
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
    return last;
  } finally {
    clearTimeout(timer);
    await feed.close();
  }
}

function stillOpen(topic: string): Unavailable {
  return new Unavailable(
    `The end of ${topic} could not be read within ${patienceMs / 1000} s: a producer's transaction is still open there. ` +
      'It ends by itself when its time-out has passed; trying again is enough.',
  );
}

function cutMeanwhile(topic: string): Blocked {
  return new Blocked(
    'log-truncated',
    `${topic} was cut or replaced while its end was read. Do not delete records of the log by hand; check that topic.`,
  );
}
