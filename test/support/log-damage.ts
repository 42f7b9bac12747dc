import { ConfigResourceTypes } from 'kafkajs';
import { withAdmin, type Kafka } from './kafka';
import { waitFor } from './wait';

/** Deletes the records of a topic below an offset of its first partition, or all that stand in any of them now. */
export async function deleteRecords(kafka: Kafka, topic: string, below?: string): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    // Kafka refuses to delete records of a topic that is only compacted: somebody must have changed that first.
    const configEntries = [{ name: 'cleanup.policy', value: 'compact,delete' }];
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
    });
    // This also loads the metadata that the next call takes for granted.
    const ends = await admin.fetchTopicOffsets(topic);
    const partitions =
      below === undefined
        ? ends.map(({ partition, high }) => ({ partition, offset: high }))
        : [{ partition: 0, offset: below }];
    // The controller has taken the policy when it answers; the broker goes by it some moments later.
    await waitFor({
      what: `the records of ${topic} to be deleted`,
      seconds: 20,
      look: () => admin.deleteTopicRecords({ topic, partitions }),
      until: () => true,
    });
  });
}

/** The same name, and nothing in it. */
export async function recreateTopic(kafka: Kafka, topic: string, numPartitions: number): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    // A deletion is done some time after it was answered; until then the name is taken.
    await waitFor({
      what: `${topic} to be made again`,
      seconds: 30,
      look: () =>
        admin.createTopics({
          waitForLeaders: true,
          topics: [{ topic, numPartitions, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] }],
        }),
      until: (made) => made,
    });
  });
}

/** Done when the brokers say so, which is some time after it was asked for. */
export async function addPartitions(kafka: Kafka, topic: string, count: number): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    await admin.createPartitions({ topicPartitions: [{ topic, count }] });
    await waitFor({
      what: `${topic} to have ${count} partitions`,
      seconds: 30,
      look: () => admin.fetchTopicOffsets(topic),
      until: (partitions) => partitions.length === count,
    });
  });
}
