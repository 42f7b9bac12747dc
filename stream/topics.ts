import { setTimeout } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import { Blocked, InvalidConfig, Unavailable } from '../model/errors';
import { positionsTopic, tableTopic } from '../model/names';
import { readExtents } from './extents';
import { translateKafkaError } from './kafka';

const dayMs = 86_400_000;
const servedMs = 10_000;

/** Table topic → partition count: what a log writer is opened with, and (for some of the tables) a lane. */
export function tableTopics(prefix: string, tables: readonly string[], partitions: number): Record<string, number> {
  return Object.fromEntries(tables.map((table) => [tableTopic(prefix, table), partitions]));
}

export interface TopicsOptions {
  readonly kafka: Kafka;
  readonly prefix: string;
  /** Canonical table names. */
  readonly tables: readonly string[];
  /** As `pipeline.log` has them. */
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly windowDays: number;
}

/**
 * Creates the topics that are missing and checks those that are there: `Blocked` log-replaced for another partition
 * count, `InvalidConfig` for settings under which the log would forget rows or tombstones. Repeatable. Returns the
 * table topics with their partition counts.
 */
export async function ensureTopics(options: TopicsOptions): Promise<Record<string, number>> {
  const { kafka, prefix, tables, partitions } = options;
  const topics = tableTopics(prefix, tables, partitions);
  const wanted: Record<string, number> = { ...topics, [positionsTopic(prefix)]: 1 };
  const admin = kafka.admin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const present = Object.keys(wanted).filter((topic) => existing.has(topic));
    await check(admin, { wanted, present, windowMs: options.windowDays * dayMs });
    const missing = Object.keys(wanted).filter((topic) => !existing.has(topic));
    if (missing.length > 0) {
      await create(admin, { ...options, wanted, missing });
      await whenServed(kafka, wanted);
    }
    return topics;
  } catch (error) {
    throw translateKafkaError(error, `preparing the topics of ${prefix}`);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function create(
  admin: Admin,
  {
    wanted,
    missing,
    replicationFactor,
    windowDays,
  }: TopicsOptions & { wanted: Record<string, number>; missing: string[] },
): Promise<void> {
  const window = String(windowDays * dayMs);
  // False when another attempt has just created one of them: its settings are the same, or the next run's check says so.
  await admin.createTopics({
    waitForLeaders: true,
    topics: missing.map((topic) => ({
      topic,
      numPartitions: wanted[topic] ?? 1,
      replicationFactor,
      configEntries: [
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'min.compaction.lag.ms', value: window },
        { name: 'delete.retention.ms', value: window },
      ],
    })),
  });
}

/** A topic is answered as created some moments before its broker serves it; whoever comes next would run into that. */
async function whenServed(kafka: Kafka, topics: Readonly<Record<string, number>>): Promise<void> {
  const deadline = Date.now() + servedMs;
  for (;;) {
    try {
      const extents = await readExtents(kafka, topics);
      if (extents.size === Object.keys(topics).length) return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline)
      throw new Unavailable('The topics just created are not served yet. Trying again is enough.');
    await setTimeout(100);
  }
}

async function check(
  admin: Admin,
  { wanted, present, windowMs }: { wanted: Record<string, number>; present: readonly string[]; windowMs: number },
): Promise<void> {
  if (present.length === 0) return;
  const metadata = await admin.fetchTopicMetadata({ topics: [...present] });
  for (const { name, partitions } of metadata.topics) checkPartitions(name, partitions.length, wanted[name] ?? 1);
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: present.map((name) => ({ type: topicResource, name, configNames: [...settings] })),
  });
  const problems = resources.flatMap(({ resourceName, configEntries }) =>
    checkSettings(
      resourceName,
      Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
      windowMs,
    ),
  );
  if (problems.length > 0) throw new InvalidConfig(problems.join('\n'));
}

/** `ConfigResourceTypes.TOPIC`; the enumeration itself is a value of kafkajs. */
const topicResource = 2;
const settings = ['cleanup.policy', 'min.compaction.lag.ms', 'delete.retention.ms'] as const;

function checkPartitions(topic: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new Blocked(
    'log-replaced',
    `${topic} has ${found} partitions and the pipeline says ${expected}. Rows keep their order only while that number ` +
      `stays as it was: set log.partitions to ${found} if the log was begun so, else give the pipeline another log.prefix.`,
  );
}

/** One sentence per setting under which rows or tombstones would be lost, with the command that mends it. */
export function checkSettings(
  topic: string,
  found: Readonly<Record<string, string>>,
  windowMs: number,
): readonly string[] {
  const mend = (setting: string) => `Run: kafka-configs --alter --topic ${topic} --add-config ${setting}`;
  const problems: string[] = [];
  if (found['cleanup.policy'] !== 'compact') {
    problems.push(
      `${topic} has cleanup.policy=${found['cleanup.policy'] ?? '(unknown)'}, so rows that do not change would be deleted. ` +
        mend('cleanup.policy=compact'),
    );
  }
  for (const setting of ['min.compaction.lag.ms', 'delete.retention.ms']) {
    if (Number(found[setting]) >= windowMs) continue;
    problems.push(
      `${topic} has ${setting}=${found[setting] ?? '(unknown)'}, below log.windowDays. ${mend(`${setting}=${windowMs}`)}`,
    );
  }
  return problems;
}
