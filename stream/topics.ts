import { setTimeout } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import { Blocked, InvalidConfig, Unavailable } from '../model/errors';
import { describeFinding } from '../model/finding';
import { messagesTopic, parkedTopic, positionsTopic, schemasTopic, tableTopic } from '../model/names';
import { readTopics } from './broker-facts';
import { readExtents } from './extents';
import { judgePartitions, judgeSettings } from './judge-topics';
import { keepingOf, keepingSettings } from './keeping';
import { translateKafkaError } from './kafka';

export const dayMs = 86_400_000;
const servedMs = 10_000;
/** Kafka's own, for brokers that do not tell. */
const defaultBatchLimit = 1_048_588;

/** Table topic → partition count: what a lane of these tables is opened with. */
export function tableTopics(prefix: string, tables: readonly string[], partitions: number): Record<string, number> {
  return Object.fromEntries(tables.map((table) => [tableTopic(prefix, table), partitions]));
}

type Described = Pick<TopicsOptions, 'prefix' | 'tables' | 'partitions' | 'messages'>;

/** Topic → partition count of all that changes and messages go to: what a log writer is opened with. */
export function writtenTopics({ prefix, tables, partitions, messages }: Described): Record<string, number> {
  return { ...tableTopics(prefix, tables, partitions), ...(messages ? { [messagesTopic(prefix)]: partitions } : {}) };
}

/** All topics of a log → partition count. */
export function logTopics(log: Described): Record<string, number> {
  return { ...writtenTopics(log), [positionsTopic(log.prefix)]: 1, [schemasTopic(log.prefix)]: 1 };
}

export interface TopicsOptions {
  readonly kafka: Kafka;
  readonly prefix: string;
  /** Canonical table names. */
  readonly tables: readonly string[];
  /** Logical messages are captured too. */
  readonly messages?: boolean;
  /** As `pipeline.log` has them. */
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly windowDays: number;
  /** The largest batch that topics made now take; default: the brokers'. */
  readonly maxMessageBytes?: number;
}

/** What topics are made by, whichever they are. */
type Rules = Pick<TopicsOptions, 'kafka' | 'prefix' | 'replicationFactor' | 'windowDays' | 'maxMessageBytes'>;

/** A parked record's own key, its place, and what is known of it. */
const parkedRoom = 65_536;

/**
 * Creates the topics that are missing and checks those that are there: `Blocked` log-replaced for another partition
 * count, `InvalidConfig` for settings under which the log would forget rows or tombstones. Repeatable. Returns the
 * topics of tables and messages with their partition counts.
 */
export async function ensureTopics(options: TopicsOptions): Promise<Record<string, number>> {
  await ensure(options, logTopics(options));
  return writtenTopics(options);
}

/** Beside a parked record stand the facts of its parking: its topic takes that much more. */
export function parkedBatchLimit(maxMessageBytes: number): number {
  return maxMessageBytes + parkedRoom;
}

/** The same for the topic of what a store parks. */
export async function ensureParkedTopic(options: Rules & { readonly store: string }): Promise<string> {
  const topic = parkedTopic(options.prefix, options.store);
  const { maxMessageBytes } = options;
  const limit = maxMessageBytes === undefined ? {} : { maxMessageBytes: parkedBatchLimit(maxMessageBytes) };
  await ensure({ ...options, ...limit }, { [topic]: 1 });
  return topic;
}

async function ensure(options: Rules, wanted: Readonly<Record<string, number>>): Promise<void> {
  const { kafka, prefix } = options;
  const admin = kafka.admin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const present = Object.keys(wanted).filter((topic) => existing.has(topic));
    await check(admin, { wanted, present, prefix, windowMs: options.windowDays * dayMs });
    const missing = Object.keys(wanted).filter((topic) => !existing.has(topic));
    if (missing.length > 0) {
      await create(admin, { ...options, wanted, missing });
      await whenServed(kafka, wanted);
    }
  } catch (error) {
    throw translateKafkaError(error, `preparing the topics of ${prefix}`);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** The largest batch that every one of these topics takes, in bytes. Infinity when none of them exists. */
export async function readBatchLimit(kafka: Kafka, names: readonly string[]): Promise<number> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const topics = await readTopics(
      admin,
      names.filter((name) => existing.has(name)),
    );
    return Math.min(...topics.map(({ settings }) => Number(settings['max.message.bytes'] ?? defaultBatchLimit)));
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function create(
  admin: Admin,
  {
    wanted,
    missing,
    prefix,
    replicationFactor,
    windowDays,
    maxMessageBytes,
  }: Rules & { wanted: Readonly<Record<string, number>>; missing: string[] },
): Promise<void> {
  const window = String(windowDays * dayMs);
  try {
    // False when another attempt has just created one of them: its settings are the same, or the next run's check says so.
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map((topic) => ({
        topic,
        numPartitions: wanted[topic] ?? 1,
        replicationFactor,
        configEntries: [
          ...Object.entries(keepingSettings(keepingOf(prefix, topic), window)).map(([name, value]) => ({
            name,
            value,
          })),
          ...(maxMessageBytes === undefined ? [] : [{ name: 'max.message.bytes', value: String(maxMessageBytes) }]),
        ],
      })),
    });
  } catch (error) {
    throw refusedName(error) ?? error;
  }
}

/** A name that Kafka will never take, which is for people to mend; null for any other error. */
function refusedName(error: unknown): InvalidConfig | null {
  const parts = error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : [error];
  for (const part of parts as { type?: unknown; topic?: unknown }[]) {
    if (part.type !== 'INVALID_TOPIC_EXCEPTION') continue;
    return new InvalidConfig(
      `Kafka refuses the topic ${String(part.topic)}: most likely one is there whose name differs from it in nothing but ` +
        'dots and underscores. Give the pipeline another log.prefix.',
    );
  }
  return null;
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
  input: { wanted: Readonly<Record<string, number>>; present: readonly string[]; prefix: string; windowMs: number },
): Promise<void> {
  const { wanted, present, prefix, windowMs } = input;
  const topics = await readTopics(admin, present);
  const [split] = topics.flatMap(({ name, partitions }) => judgePartitions(name, partitions, wanted[name] ?? 1));
  if (split) throw new Blocked('log-replaced', describeFinding(split));
  const problems = topics.flatMap(({ name, settings }) =>
    judgeSettings(keepingOf(prefix, name), { topic: name, found: settings, windowMs }),
  );
  if (problems.length > 0) throw new InvalidConfig(problems.map(describeFinding).join('\n'));
}
