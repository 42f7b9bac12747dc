import type { Kafka, Message, Producer } from 'kafkajs';
import { Blocked } from '../model/errors';
import { createTransactionalProducer, translateKafkaError } from './kafka';
import type { EncodedRecord } from './log';
import { defaultTransactionTimeoutMs, takeFence } from './log-writer';
import {
  encodeFreed,
  encodeParked,
  entryOf,
  parkedId,
  parseParked,
  type ParkedPlace,
  type ParkedRecord,
} from './parked-format';
import { ParkedIndex } from './parked-index';
import { readExtents } from './extents';
import { readRange } from './read-range';
import { splitIntoSends } from './sends';

export interface ParkedLogOptions {
  readonly kafka: Kafka;
  /** One partition; it has to exist. */
  readonly topic: string;
  /** Of this lane of this generation alone. */
  readonly transactionalId: string;
  readonly generation: number;
  readonly logId: string;
  /** As an earlier slice of the same process left it: only what came since is read. */
  readonly index?: ParkedIndex;
  /** Keeps every other writer out. Replaced by tests only. */
  readonly fence?: (producer: Producer) => Promise<void>;
}

/** The records that one generation has parked. After any error it is never used again. */
export interface ParkedLog {
  readonly index: ParkedIndex;
  /** One Kafka transaction. Resolves when all in-sync replicas have it; then `index` says so too. `Fenced` for an old owner. */
  append(change: { readonly parked?: readonly ParkedRecord[]; readonly freed?: readonly ParkedPlace[] }): Promise<void>;
  /** The records themselves, which the index does not hold; in the order of the topic. */
  read(places: readonly ParkedPlace[]): Promise<readonly ParkedRecord[]>;
  close(): Promise<void>;
}

/**
 * Fences first and reads second: what an earlier owner appended is seen, and nothing of it can come any more. Whoever
 * opens this must then still find itself the lane's owner by the store's record: one that had been replaced meanwhile
 * could otherwise take the fence back, and park what its successor has freed.
 */
export async function openParkedLog(options: ParkedLogOptions): Promise<ParkedLog> {
  const { kafka, topic, transactionalId, index = new ParkedIndex(), fence = takeFence } = options;
  const producer = createTransactionalProducer(kafka, {
    transactionalId,
    transactionTimeoutMs: defaultTransactionTimeoutMs,
  });
  try {
    await producer.connect();
    await fence(producer);
    await catchUp(options, index);
    return new Writer(options, producer, index);
  } catch (error) {
    await producer.disconnect().catch(() => undefined);
    throw translateKafkaError(error, `opening ${topic}`);
  }
}

/** Everything parked in a topic, whichever generation it is of, without a fence: for those who look. */
export async function readParked(
  kafka: Kafka,
  topic: string,
  onParked: (parked: ParkedRecord) => void,
  onFreed: (id: string) => void,
): Promise<void> {
  const extent = (await readExtents(kafka, { [topic]: 1 })).get(topic)?.[0];
  if (!extent || extent.high === extent.low) return;
  await readRange(kafka, { topic, from: extent.low, high: extent.high }, (messages) => {
    for (const message of messages) {
      const { id, parked } = parseParked(message, topic);
      if (parked) onParked(parked);
      else onFreed(id);
    }
  });
}

/** Whether anybody has ever parked anything there. */
export async function hasParked(kafka: Kafka, topic: string): Promise<boolean> {
  const extent = (await readExtents(kafka, { [topic]: 1 })).get(topic)?.[0];
  return extent !== undefined && extent.high > extent.low;
}

/** `Blocked` for a topic that does not reach `end`, of which it is known that it did; 0: nothing is known of it. */
export async function checkParkedTopic(kafka: Kafka, topic: string, end: number): Promise<void> {
  if (end === 0) return;
  const extent = (await readExtents(kafka, { [topic]: 1 })).get(topic)?.[0];
  if (!extent || extent.high < end) throw gone(topic);
}

async function catchUp({ kafka, topic, generation, logId }: ParkedLogOptions, index: ParkedIndex): Promise<void> {
  const extent = (await readExtents(kafka, { [topic]: 1 })).get(topic)?.[0];
  if (!extent) throw gone(topic);
  if (extent.high < index.passed) throw gone(topic);
  if (extent.high === index.passed || extent.high === extent.low) return;
  const from = Math.max(index.passed, extent.low);
  await readRange(kafka, { topic, from, high: extent.high }, (messages) => {
    for (const message of messages) {
      const { id, parked } = parseParked(message, topic);
      if (!parked) index.remove(id);
      else if (parked.facts.generation === generation && parked.facts.logId === logId) index.put(entryOf(parked));
    }
  });
  index.passed = extent.high;
}

class Writer implements ParkedLog {
  private dead = false;

  constructor(
    private readonly options: ParkedLogOptions,
    private readonly producer: Producer,
    readonly index: ParkedIndex,
  ) {}

  async append({
    parked = [],
    freed = [],
  }: {
    readonly parked?: readonly ParkedRecord[];
    readonly freed?: readonly ParkedPlace[];
  }): Promise<void> {
    if (parked.length + freed.length === 0) return;
    if (this.dead) throw new Error('This log of parked records has failed: open another one.');
    const { topic } = this.options;
    try {
      const encoded = [
        ...parked.map((one) => encodeParked(topic, one)),
        ...freed.map((one) => encodeFreed(topic, one)),
      ];
      const end = await this.commit(encoded);
      for (const one of parked) this.index.put(entryOf(one));
      for (const one of freed) this.index.remove(parkedId(one));
      // Behind the last record stands the commit's marker. Where others have written meanwhile the next look reads on.
      if (end.first === this.index.passed) this.index.passed = end.next + 1;
    } catch (error) {
      // As with the log itself: a producer that has seen an error may lose the next batch without a word.
      await this.close();
      throw translateKafkaError(error, `appending to ${topic}`);
    }
  }

  async read(places: readonly ParkedPlace[]): Promise<readonly ParkedRecord[]> {
    const { kafka, topic } = this.options;
    const wanted = new Set(places.map(parkedId));
    const found = new Map<string, ParkedRecord>();
    await readParked(
      kafka,
      topic,
      (parked) => {
        const id = parkedId(parked.facts);
        if (wanted.has(id)) found.set(id, parked);
      },
      (id) => void found.delete(id),
    );
    const missing = places.find((place) => !found.has(parkedId(place)));
    if (missing) throw gone(topic);
    return [...found.values()];
  }

  async close(): Promise<void> {
    if (this.dead) return;
    this.dead = true;
    await this.producer.disconnect().catch(() => undefined);
  }

  private async commit(records: readonly EncodedRecord[]): Promise<{ first: number; next: number }> {
    const { topic } = this.options;
    const transaction = await this.producer.transaction();
    const limits = { headerBytes: 0, maxRecordBytes: Infinity, producer: 'stock' as const };
    let [first, next] = [Infinity, 0];
    for (const send of splitIntoSends(records, limits)) {
      const [landed] = await transaction.send({ topic, acks: -1, messages: send.map(messageOf) });
      const base = Number(landed?.baseOffset ?? Infinity);
      first = Math.min(first, base);
      next = base + send.length;
    }
    await transaction.commit();
    return { first, next };
  }
}

function messageOf({ key, value, headers }: EncodedRecord): Message {
  return { partition: 0, key, value, headers: { ...headers } };
}

function gone(topic: string): Blocked {
  return new Blocked(
    'log-truncated',
    `${topic} no longer holds records that were parked there: it was cut, or deleted and made again. Rows of theirs ` +
      'would go on without their earlier changes. Rebuild the store.',
  );
}
