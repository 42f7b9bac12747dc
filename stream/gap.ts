import { Blocked } from '../model/errors';
import type { Extents } from './extents';
import type { PositionEntry } from './cut';

/** A partition of the lane and the first offset wanted of it. */
export interface Wanted {
  readonly topic: string;
  readonly partition: number;
  readonly next: number;
}

/**
 * Whether the log still holds everything from `wanted` on (Invariant 9). Null: it does. kafkajs would go on from the
 * beginning without a word, so this is asked before reading and after every rejoin.
 */
export function judgeExtents({
  topics,
  wanted,
  extents,
}: {
  /** Topic → partition count, positions topic included. */
  readonly topics: Readonly<Record<string, number>>;
  readonly wanted: readonly Wanted[];
  readonly extents: Extents;
}): Blocked | null {
  for (const [topic, partitions] of Object.entries(topics)) {
    const found = extents.get(topic)?.length ?? 0;
    if (found === partitions) continue;
    return new Blocked(
      'log-replaced',
      found === 0
        ? `${topic} does not exist: the log was deleted, or the pipeline names another log.prefix. ${cure}`
        : `${topic} has ${found} partitions and its log was begun with ${partitions}: rows may have changed partitions. ${cure}`,
    );
  }
  for (const { topic, partition, next } of wanted) {
    const extent = extents.get(topic)?.[partition];
    if (!extent) continue;
    if (extent.low > next) {
      return new Blocked(
        'log-truncated',
        `${topic}, partition ${partition}, begins at offset ${extent.low} and the lane stands at ${next}: records it has ` +
          `not read were deleted. ${cure}`,
      );
    }
    if (extent.high < next) {
      return new Blocked(
        'log-replaced',
        `${topic}, partition ${partition}, ends at offset ${extent.high} and the lane stands at ${next}: the topic was ` +
          `deleted and made again, or lost records it had acknowledged. ${cure}`,
      );
    }
  }
  return null;
}

const cure =
  'Give the pipeline another log.prefix, so that its tables are copied anew, and rebuild the store from that.';

/**
 * Whether compaction may have thrown away tombstones that the lane has not read: then rows it holds would stay for
 * ever. `standing` is the record the lane stands at, null when it is no longer there; `following` is the first one after.
 */
export function judgeWindow({
  prefix,
  standing,
  following,
  now,
  windowMs,
}: {
  readonly prefix: string;
  readonly standing: Pick<PositionEntry, 'offset' | 'at'> | null;
  readonly following: Pick<PositionEntry, 'offset' | 'at'>;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly windowMs: number;
}): Blocked | null {
  // With one commit marker between them nothing is missing: then the unread part is as old as its first record, and a
  // source that rested for longer than the window is no gap. Else what is missing may be as old as what we stand at.
  const adjacent = standing !== null && following.offset - standing.offset <= 2;
  const oldestUnread = adjacent ? following.at : (standing?.at ?? -Infinity);
  if (now - oldestUnread <= windowMs) return null;
  const days = (windowMs / 86_400_000).toFixed(1);
  return new Blocked(
    'log-truncated',
    `The lane stopped reading ${prefix} longer ago than the log's window of ${days} days, and tombstones may have passed ` +
      'it since: rows deleted meanwhile would stay in the store. Rebuild the store.',
  );
}

export function otherLog(place: string, expected: string, found: string | null): Blocked {
  return new Blocked(
    'log-replaced',
    `${place} belongs to ${found === null ? 'no log of ours' : `the log ${found}`} and this store follows ${expected}. ` +
      'Rebuild the store from the new log, or bring the old one back.',
  );
}
