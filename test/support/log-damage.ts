import { ConfigResourceTypes, Kafka, logLevel, type Admin } from 'kafkajs';

async function withAdmin<Result>(brokers: string, work: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = new Kafka({ brokers: brokers.split(','), clientId: 'log-damage', logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Deletes every record that stands in these topics now. */
export async function cutLog(brokers: string, topics: readonly string[]): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    for (const topic of topics) {
      const partitions = await admin.fetchTopicOffsets(topic);
      // Records of a topic that is only compacted cannot be deleted.
      await admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: ConfigResourceTypes.TOPIC,
            name: topic,
            configEntries: [{ name: 'cleanup.policy', value: 'compact,delete' }],
          },
        ],
      });
      await admin.deleteTopicRecords({
        topic,
        partitions: partitions.map(({ partition, high }) => ({ partition, offset: high })),
      });
    }
  });
}

/** The same name, and nothing in it. */
export async function recreateTopic(brokers: string, topic: string, numPartitions: number): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    for (;;) {
      if (!(await admin.listTopics()).includes(topic)) break;
    }
    await admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic, numPartitions, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] }],
    });
  });
}
