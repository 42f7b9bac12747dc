import { Blocked } from '../model/errors';
import { withOffsets, type Offsets } from '../model/offsets';
import { placeOf, type Counts } from './foreseen';

/** What a broker answered to one send, per partition. */
export interface Landed {
  readonly topicName: string;
  readonly partition: number;
  readonly baseOffset?: string;
}

/** `'0'` for every partition: the ends of a log without records. */
export function emptyEnds(topics: Readonly<Record<string, number>>): Offsets {
  return Object.fromEntries(
    Object.entries(topics).map(([topic, partitions]) => [
      topic,
      Object.fromEntries(Array.from({ length: partitions }, (_, partition) => [String(partition), '0'])),
    ]),
  );
}

/** Ends to go on from: those of the last record, and zero for tables added since. Other partition counts are `Blocked`. */
export function startingEnds(topics: Readonly<Record<string, number>>, last: Offsets): Offsets {
  for (const [topic, partitions] of Object.entries(topics)) {
    const before = last[topic] && Object.keys(last[topic]).length;
    if (before !== undefined && before !== partitions) {
      throw new Blocked(
        'log-replaced',
        `${topic} had ${before} partitions when it was last written and is to be written with ${partitions}: rows would ` +
          'change partitions and lose their order. Set log.partitions back, or give the pipeline another log.prefix.',
      );
    }
  }
  return withOffsets(emptyEnds(topics), last);
}

/**
 * Ends after one send of `counts` records per partition. Checks what the brokers say, because a transaction that is
 * wrong can still be thrown away here and never later (Invariant 2): kafkajs sends again by itself when an answer is
 * lost, and should a partition change its leader meanwhile, its records are sent twice under two sequences.
 */
export function advanceEnds({
  ends,
  sentBefore,
  counts,
  landed,
}: {
  readonly ends: Offsets;
  /** Partitions (`topic/partition`) this transaction has written before. Updated. */
  readonly sentBefore: Set<string>;
  readonly counts: Counts;
  readonly landed: readonly Landed[];
}): Offsets {
  const changes: Record<string, Record<string, string>> = {};
  let answered = 0;
  for (const { topicName: topic, partition, baseOffset } of landed) {
    const count = counts.get(topic)?.get(partition);
    const known = ends[topic]?.[String(partition)];
    if (count === undefined || known === undefined || changes[topic]?.[String(partition)] !== undefined) {
      throw new Error(
        `The brokers answered twice, or unasked, for ${topic}, partition ${partition}; nothing was committed.`,
      );
    }
    const base = Number(baseOffset);
    if (!Number.isSafeInteger(base) || base < 0) {
      throw new Error(
        `The brokers gave no offset for what was sent to ${topic}, partition ${partition}; nothing was committed.`,
      );
    }
    const place = placeOf(topic, partition);
    if (base < Number(known)) throw shrunk({ topic, partition, known, base });
    if (sentBefore.has(place) && base !== Number(known)) {
      throw new Error(
        `${topic}, partition ${partition}, took records from elsewhere within a transaction; nothing was committed.`,
      );
    }
    sentBefore.add(place);
    (changes[topic] ??= {})[String(partition)] = String(base + count);
    answered += 1;
  }
  const asked = [...counts.values()].reduce((sum, partitions) => sum + partitions.size, 0);
  if (answered !== asked) {
    throw new Error(`The brokers answered for ${answered} of ${asked} partitions; nothing was committed.`);
  }
  return withOffsets(ends, changes);
}

function shrunk(at: { topic: string; partition: number; known: string; base: number }): Blocked {
  return new Blocked(
    'log-replaced',
    `${at.topic}, partition ${at.partition}, gave offset ${at.base} to a new record although it once reached ${at.known}: ` +
      'the topic was deleted and made again. Nothing was committed. Give the pipeline another log.prefix and copy anew.',
  );
}
