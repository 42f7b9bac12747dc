import type { Kafka, Producer } from 'kafkajs';
import { createTransactionalProducer, translateKafkaError } from './kafka';
import { defaultTransactionTimeoutMs, takeFence } from './log-writer';
import { encodeFreed, parkedId, type ParkedPlace } from './parked-format';
import { readParked } from './parked-log';

/** Tombstones of one transaction: small, and a topic that a storm has filled must not become one request. */
const freedAtOnce = 1_000;

export interface EndParkedOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  /** Of the lane of a generation. */
  readonly transactionalId: (generation: number) => string;
  /** The generations that go on; what all others have parked is freed. */
  readonly keep: readonly number[];
  /** Keeps a generation's late attempt out. Replaced by tests only. */
  readonly fence?: (producer: Producer) => Promise<void>;
}

/**
 * A generation that is gone carries nothing on: its parked records would be counted, listed and kept for ever. They are
 * freed under the fence of the lane that parked them, taken before the topic is read, so that a late attempt of it adds
 * none behind. Says how many; a topic that was never made holds none. Repeatable.
 */
export async function endParked(options: EndParkedOptions): Promise<number> {
  const generations = new Set((await placesOf(options)).map(({ generation }) => generation));
  let freed = 0;
  for (const generation of generations) freed += await endOne(options, generation);
  return freed;
}

async function endOne(options: EndParkedOptions, generation: number): Promise<number> {
  const { kafka, topic, transactionalId, fence = takeFence } = options;
  const producer = createTransactionalProducer(kafka, {
    transactionalId: transactionalId(generation),
    transactionTimeoutMs: defaultTransactionTimeoutMs,
  });
  try {
    await producer.connect();
    await fence(producer);
    const places = (await placesOf(options)).filter((place) => place.generation === generation);
    for (let at = 0; at < places.length; at += freedAtOnce) {
      const messages = places.slice(at, at + freedAtOnce).map((place) => encodeFreed(topic, place));
      const transaction = await producer.transaction();
      await transaction.send({ topic, acks: -1, messages: messages.map(({ key, value }) => ({ key, value })) });
      await transaction.commit();
    }
    return places.length;
  } catch (error) {
    throw translateKafkaError(error, `ending what generation ${generation} has parked on ${topic}`);
  } finally {
    await producer.disconnect().catch(() => undefined);
  }
}

async function placesOf({ kafka, topic, keep }: EndParkedOptions): Promise<readonly ParkedPlace[]> {
  const places = new Map<string, ParkedPlace>();
  await readParked(
    kafka,
    topic,
    ({ facts }) => {
      const { generation, topic: of, partition, offset } = facts;
      if (!keep.includes(generation)) places.set(parkedId(facts), { generation, topic: of, partition, offset });
    },
    (id) => void places.delete(id),
  );
  return [...places.values()];
}
