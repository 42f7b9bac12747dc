import type { Admin, Kafka } from 'kafkajs';
import { withClusters } from './clusters';
import { translateKafkaError } from './kafka';

/** What one partition holds: offsets `low <= offset < high`, markers and open transactions included. */
export interface Extent {
  readonly low: number;
  readonly high: number;
}

/** Topic → one extent per partition, in partition order. A topic that does not exist is not in the map. */
export type Extents = ReadonlyMap<string, readonly Extent[]>;

/** The parts of kafkajs 2.2.4 that are used; names are its own. */
interface Cluster {
  addMultipleTargetTopics(topics: string[]): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[];
  fetchTopicsOffset(asked: readonly Asked[]): Promise<readonly Answered[]>;
}
interface Asked {
  readonly topic: string;
  readonly fromBeginning: boolean;
  readonly partitions: readonly { readonly partition: number }[];
}
interface Answered {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
}

/** Asks the brokers; creates nothing. `topics` names the topics (its counts are not looked at). */
export async function readExtents(kafka: Kafka, topics: Readonly<Record<string, number>>): Promise<Extents> {
  let cluster: Cluster | null = null;
  const keep = (made: Cluster) => (cluster = made);
  const admin = (withClusters(kafka, keep) ?? kafka).admin();
  try {
    await admin.connect();
    // Asking for the offsets of a topic that is not there is retried for seconds and then fails.
    const existing = new Set(await admin.listTopics());
    const wanted = Object.keys(topics).filter((topic) => existing.has(topic));
    return cluster === null ? await askOneByOne(admin, wanted) : await askTogether(cluster, wanted);
  } catch (error) {
    throw translateKafkaError(error, `asking for the extents of ${Object.keys(topics).length} topics`);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/**
 * Three requests to each broker, however many topics. One topic at a time, as kafkajs' own admin asks, each is told of anew with
 * all that were asked for before it; 300 at once wait for each other until they give up.
 */
async function askTogether(cluster: Cluster, topics: readonly string[]): Promise<Extents> {
  if (topics.length === 0) return new Map();
  await cluster.addMultipleTargetTopics([...topics]);
  const asked = (fromBeginning: boolean) =>
    topics.map((topic) => ({
      topic,
      fromBeginning,
      partitions: cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => ({ partition: partitionId })),
    }));
  const highs = offsetsOf(await cluster.fetchTopicsOffset(asked(false)));
  const lows = offsetsOf(await cluster.fetchTopicsOffset(asked(true)));
  return new Map(
    topics.map((topic) => {
      const low = lows.get(topic);
      const high = [...(highs.get(topic) ?? [])].sort(([left], [right]) => left - right);
      return [topic, high.map(([partition, offset]) => ({ low: Number(low?.get(partition)), high: Number(offset) }))];
    }),
  );
}

function offsetsOf(answered: readonly Answered[]): ReadonlyMap<string, ReadonlyMap<number, string>> {
  return new Map(
    answered.map(({ topic, partitions }) => [
      topic,
      new Map(partitions.map(({ partition, offset }) => [partition, offset])),
    ]),
  );
}

/** By what kafkajs shows to everybody. */
async function askOneByOne(admin: Admin, topics: readonly string[]): Promise<Extents> {
  const extents = new Map<string, Extent[]>();
  for (const topic of topics) {
    const partitions = [...(await admin.fetchTopicOffsets(topic))].sort(
      (left, right) => left.partition - right.partition,
    );
    extents.set(
      topic,
      partitions.map(({ low, high }) => ({ low: Number(low), high: Number(high) })),
    );
  }
  return extents;
}
