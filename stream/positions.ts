import { positionsTopic } from '../model/names';
import type { Kafka } from 'kafkajs';
import type { FeedMessage } from './feed';
import { readExtents } from './extents';
import type { PositionRecord } from './log';
import { baseGone, createPositionDecoder } from './position-changes';
import { positionKey } from './position-format';
import { readRange } from './read-range';

/** Offsets looked at from the end: position records and commit markers alternate, so one step nearly always does. */
const firstStep = 128;

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
    const newest: { message?: FeedMessage; whole?: FeedMessage } = {};
    await readRange(kafka, { topic, from, high: extent.high }, (messages) => {
      const message = messages.at(-1);
      if (message) newest.message = message;
      const whole = messages.findLast(({ key }) => key?.equals(positionKey));
      if (whole) newest.whole = whole;
    });
    const { message, whole } = newest;
    if (message) {
      const record = await readWhole(kafka, topic, { message, whole });
      return { record, offset: message.offset, at: Number(message.timestamp) };
    }
    if (from === extent.low) return null;
  }
}

/** What `message` says; `whole`: a record that it may build upon. */
async function readWhole(
  kafka: Kafka,
  topic: string,
  { message, whole }: { readonly message: FeedMessage; readonly whole: FeedMessage | undefined },
): Promise<PositionRecord> {
  const decoder = createPositionDecoder(topic);
  if (whole) decoder.read(whole);
  const found = decoder.read(message);
  if (found.version === 1) return found;
  const base = await readBase(kafka, topic, found.since);
  if (base) decoder.read(base);
  const again = decoder.read(message);
  if (again.version === 1) return again;
  throw baseGone(topic, { offset: message.offset, since: found.since });
}

/** The whole record at offset `since`; null when it is there no more. Throws `Unavailable`. */
export async function readBase(kafka: Kafka, topic: string, since: string): Promise<FeedMessage | null> {
  const from = Number(since);
  const low = (await readExtents(kafka, { [topic]: 1 })).get(topic)?.[0]?.low ?? 0;
  if (from < low) return null;
  const found: { base?: FeedMessage } = {};
  await readRange(kafka, { topic, from, high: from + 1 }, ([first]) => {
    if (first?.offset === since) found.base = first;
  });
  return found.base ?? null;
}
