import type { Admin, Kafka } from 'kafkajs';
import { readExtents } from './extents';

type Settings = Readonly<Record<string, string>>;

/** One topic as the brokers have it. */
export interface TopicFacts {
  readonly name: string;
  readonly partitions: number;
  /** Copies of its least copied partition. */
  readonly copies: number;
  readonly settings: Settings;
}

/** What the cluster says of itself. */
export interface BrokerFacts {
  /** That answer now. */
  readonly brokers: number;
  /** Of one broker: what topics take over that do not say otherwise, and what holds for all. */
  readonly settings: Settings;
  /** Internal topics included. */
  readonly topics: ReadonlySet<string>;
}

/** `ConfigResourceTypes`; the enumeration itself is a value of kafkajs. */
const resourceTypes = { topic: 2, broker: 4 } as const;

const brokerSettings = [
  'auto.create.topics.enable',
  'min.insync.replicas',
  'offsets.topic.replication.factor',
  'socket.request.max.bytes',
  'transaction.max.timeout.ms',
  'transaction.state.log.min.isr',
  'transaction.state.log.replication.factor',
  'unclean.leader.election.enable',
];

const topicSettings = [
  'cleanup.policy',
  'delete.retention.ms',
  'max.message.bytes',
  'min.compaction.lag.ms',
  'min.insync.replicas',
  'retention.ms',
  'unclean.leader.election.enable',
];

export async function readBrokers(admin: Admin): Promise<BrokerFacts> {
  const { brokers } = await admin.describeCluster();
  const topics = new Set(await admin.listTopics());
  const [first] = brokers;
  const settings = first ? await readSettings(admin, 'broker', [String(first.nodeId)]) : new Map<string, Settings>();
  return { brokers: brokers.length, settings: [...settings.values()][0] ?? {}, topics };
}

/** Of topics that exist. */
export async function readTopics(admin: Admin, names: readonly string[]): Promise<TopicFacts[]> {
  if (names.length === 0) return [];
  const { topics } = await admin.fetchTopicMetadata({ topics: [...names] });
  const settings = await readSettings(admin, 'topic', names);
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.length,
    copies: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    settings: settings.get(name) ?? {},
  }));
}

/** Of topics that exist, those that hold something: records, or markers. */
export async function readWritten(kafka: Kafka, names: readonly string[]): Promise<ReadonlySet<string>> {
  const extents = await readExtents(kafka, Object.fromEntries(names.map((name) => [name, 0])));
  return new Set(names.filter((name) => extents.get(name)?.some(({ low, high }) => low !== high)));
}

async function readSettings(
  admin: Admin,
  type: keyof typeof resourceTypes,
  names: readonly string[],
): Promise<ReadonlyMap<string, Settings>> {
  const configNames = type === 'broker' ? brokerSettings : topicSettings;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: resourceTypes[type], name, configNames })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
}
