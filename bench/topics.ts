import { createKafka } from '../stream/kafka';

/** A topic of its own for a raw producer; partitions and cleanup as a table's topic has them. */
export async function createTopic(broker: string, topic: string, partitions: number): Promise<void> {
  const admin = createKafka({ brokers: [broker], clientId: 'bench-topics' }).admin();
  await admin.connect();
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic, numPartitions: partitions, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] }],
    });
  } finally {
    await admin.disconnect();
  }
}

/** Records of a topic without transactions: its offsets are its count. */
export async function countRecords(broker: string, topic: string): Promise<number> {
  const admin = createKafka({ brokers: [broker], clientId: 'bench-topics' }).admin();
  await admin.connect();
  try {
    const partitions = await admin.fetchTopicOffsets(topic);
    return partitions.reduce((sum, { high }) => sum + Number(high), 0);
  } finally {
    await admin.disconnect();
  }
}

/** Deletes every topic whose name begins so: the logs of one bench. */
export async function deleteTopics(broker: string, prefix: string): Promise<void> {
  const admin = createKafka({ brokers: [broker], clientId: 'bench-topics' }).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect();
  }
}
