import { Blocked } from '../model/errors';
import type { PositionEntry } from './cut';
import { otherLog } from './gap';
import type { PositionRecord } from './log';
import type { PositionChanges } from './position-format';

/** A position record as one lane needs it. Throws `Blocked` log-replaced for another log or other partition counts. */
export function positionEntry({
  record,
  topic: positions,
  offset,
  at,
  lane,
}: {
  /** Of one that only says what has changed, the ends are not those of all partitions. */
  readonly record: PositionRecord | PositionChanges;
  /** The positions topic, for messages. */
  readonly topic: string;
  readonly offset: number;
  /** When it was appended, milliseconds since the Unix epoch. */
  readonly at: number;
  readonly lane: {
    readonly logId: string;
    readonly topics: Readonly<Record<string, number>>;
    /** In the order of the entry's ends. */
    readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
  };
}): PositionEntry {
  if (record.logId !== lane.logId) {
    throw otherLog(`The position record at offset ${offset} of ${positions}`, lane.logId, record.logId);
  }
  for (const [topic, partitions] of Object.entries(lane.topics)) {
    const found = record.ends[topic] && Object.keys(record.ends[topic]).length;
    // A table that was added to the pipeline later is not in older records: nothing of it was on the log then.
    if (found === undefined || found === partitions) continue;
    throw new Blocked(
      'log-replaced',
      `${topic} was written with ${found} partitions and this lane reads ${partitions}: rows may have changed ` +
        'partitions. Set log.partitions back to what the log was begun with.',
    );
  }
  const ends = lane.partitions.map(({ topic, partition }) => Number(record.ends[topic]?.[String(partition)] ?? 0));
  const { closed, position } = record;
  return { offset, ends, closed, position, at };
}
