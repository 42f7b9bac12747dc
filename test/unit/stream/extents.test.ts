import { createKafka } from '../../../stream/kafka';
import { readExtents } from '../../../stream/extents';

interface Asked {
  readonly topic: string;
  readonly fromBeginning: boolean;
  readonly partitions: readonly { readonly partition: number }[];
}

/** kafkajs with what it knows of the brokers in our hands: every topic has two partitions, answered last one first. */
function kafkaOf(topics: readonly string[], requests: string[]) {
  const kafka = createKafka({ brokers: ['127.0.0.1:1'], clientId: 'extents' });
  const name = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.includes('createCluster'));
  if (!name) throw new Error('This kafkajs makes its clusters otherwise.');
  const cluster = {
    connect: async () => undefined,
    disconnect: async () => undefined,
    isConnected: () => true,
    // All topics are listed by metadata without names.
    metadata: async () => ({ topicMetadata: topics.map((topic) => ({ topic, partitionMetadata: [] })) }),
    refreshMetadataIfNecessary: async () => undefined,
    addMultipleTargetTopics: async (of: readonly string[]) => void requests.push(`told of ${of.length}`),
    findTopicPartitionMetadata: () => [{ partitionId: 1 }, { partitionId: 0 }],
    async fetchTopicsOffset(asked: readonly Asked[]) {
      requests.push(`asked of ${asked.length}`);
      return asked.map(({ topic, fromBeginning, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition }) => ({
          partition,
          offset: String((fromBeginning ? 1 : 5) + 10 * partition + 100 * topics.indexOf(topic)),
        })),
      }));
    },
  };
  return Object.create(kafka, { [name]: { value: () => cluster } }) as typeof kafka;
}

test('three hundred topics are asked for in three requests, and each partition has its own answer', async () => {
  const topics = Array.from({ length: 300 }, (_, at) => `shop.t${at}`);
  const requests: string[] = [];
  const wanted = Object.fromEntries([...topics, 'shop.gone'].map((topic) => [topic, 2]));
  const extents = await readExtents(kafkaOf(topics, requests), wanted);
  expect(requests).toEqual(['told of 300', 'asked of 300', 'asked of 300']);
  expect(extents.size).toBe(300);
  expect(extents.has('shop.gone')).toBe(false);
  expect(extents.get('shop.t7')).toEqual([
    { low: 701, high: 705 },
    { low: 711, high: 715 },
  ]);
});

test('of no topic that exists nobody is asked', async () => {
  const requests: string[] = [];
  expect(await readExtents(kafkaOf([], requests), { 'shop.gone': 2 })).toEqual(new Map());
  expect(requests).toEqual([]);
});
