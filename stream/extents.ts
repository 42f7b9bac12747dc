import type { Kafka } from 'kafkajs';
import { translateKafkaError } from './kafka';

/** What one partition holds: offsets `low <= offset < high`, markers and open transactions included. */
export interface Extent {
  readonly low: number;
  readonly high: number;
}

/** Topic → one extent per partition, in partition order. A topic that does not exist is not in the map. */
export type Extents = ReadonlyMap<string, readonly Extent[]>;

/** Asks the brokers; creates nothing. `topics` names the topics (its counts are not looked at). */
export async function readExtents(kafka: Kafka, topics: Readonly<Record<string, number>>): Promise<Extents> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    // Asking for the offsets of a topic that is not there is retried for seconds and then fails.
    const existing = new Set(await admin.listTopics());
    const wanted = Object.keys(topics).filter((topic) => existing.has(topic));
    const answers = await Promise.all(
      wanted.map(async (topic) => [topic, await admin.fetchTopicOffsets(topic)] as const),
    );
    return new Map(
      answers.map(([topic, partitions]) => [
        topic,
        [...partitions]
          .sort((left, right) => left.partition - right.partition)
          .map(({ low, high }) => ({ low: Number(low), high: Number(high) })),
      ]),
    );
  } catch (error) {
    throw translateKafkaError(error, `asking for the extents of ${Object.keys(topics).length} topics`);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
