import { finding, type Finding } from '../model/finding';
import { positionsTopic } from '../model/names';
import { keepingOf, keepingSettings, type Keeping } from './keeping';
import type { TopicFacts } from './broker-facts';

/** With less, too few records would go together. Up to it and beyond, batches are made as large as topics take. */
const neededBytes = 900_100;

/** What of the topics that exist keeps them from being this log. `wanted`: topic → partitions. Pure. */
export function judgeTopics(
  topics: readonly TopicFacts[],
  input: {
    readonly prefix: string;
    readonly wanted: Readonly<Record<string, number>>;
    readonly windowMs: number;
    /** Topic → the largest batch that it has to take, as the pipeline declares it. */
    readonly takes: (topic: string) => number;
    /** Those that hold something. */
    readonly written: ReadonlySet<string>;
  },
): Finding[] {
  const positions = positionsTopic(input.prefix);
  const begun = input.written.has(positions);
  return topics.flatMap((topic) => [
    ...judgePartitions(topic.name, topic.partitions, input.wanted[topic.name] ?? 1),
    ...judgeSettings(keepingOf(input.prefix, topic.name), {
      ...{ topic: topic.name, found: topic.settings, windowMs: input.windowMs },
    }),
    ...judgeBatchLimit(topic, input.takes(topic.name)),
    ...(begun || !input.written.has(topic.name) ? [] : [foreign(topic.name, positions)]),
  ]);
}

export function judgePartitions(topic: string, found: number, expected: number): Finding[] {
  if (found === expected) return [];
  return [
    finding('topic-partitions', {
      where: `topic ${topic}`,
      what: `it has ${found} partitions, and the pipeline says ${expected}.`,
      cure: `Set log.partitions to ${found} if the log was begun so, else give the pipeline another log.prefix.`,
    }),
  ];
}

/** Settings under which rows, tombstones or messages would be lost, each with the command that mends it. */
export function judgeSettings(
  keeping: Keeping,
  { topic, found, windowMs }: { topic: string; found: Readonly<Record<string, string>>; windowMs: number },
): readonly Finding[] {
  const policy = 'cleanup.policy';
  const forgets = (setting: string, what: string, value: string) =>
    finding('topic-forgets', {
      where: `topic ${topic}`,
      what: `it has ${setting}=${found[setting] ?? '(unknown)'}, ${what}.`,
      cure: alterTopic(topic, `${setting}=${value}`),
    });
  const { [policy]: kept = '', ...times } = keepingSettings(keeping, String(windowMs));
  return [
    ...(found[policy] === kept ? [] : [forgets(policy, lost[keeping], kept)]),
    ...Object.keys(times)
      // -1: for ever
      .filter((setting) => !(Number(found[setting]) >= windowMs || found[setting] === '-1'))
      .map((setting) => forgets(setting, 'below log.windowDays', String(windowMs))),
  ];
}

const lost: Readonly<Record<Keeping, string>> = {
  latest: 'so rows that do not change would be deleted',
  window: 'so of all messages under one prefix only the last would stay',
};

/** The scripts of Kafka's distribution want to be told where the brokers are. */
const bootstrap = '--bootstrap-server "$KAFKA_BROKERS"';

export function alterTopic(topic: string, setting: string): string {
  return `Run: kafka-configs ${bootstrap} --alter --topic ${topic} --add-config ${setting}`;
}

/** The default of all topics to come. */
export function alterBrokers(setting: string): string {
  return `Run: kafka-configs ${bootstrap} --alter --entity-type brokers --entity-default --add-config ${setting}`;
}

/** A topic made before, or by hand, may take less than is declared: capture then goes by the topic. */
function judgeBatchLimit({ name, settings }: TopicFacts, declared: number): Finding[] {
  const limit = Number(settings['max.message.bytes']);
  if (!(limit < declared)) return [];
  const where = `topic ${name}`;
  const cure = alterTopic(name, `max.message.bytes=${declared}`);
  const takes = `it takes batches of up to ${limit} bytes, and`;
  return limit < neededBytes
    ? [finding('topic-too-small', { where, what: `${takes} capture writes up to ${neededBytes} at once.`, cure })]
    : [finding('topic-below-limit', { where, what: `${takes} log.maxMessageBytes is ${declared}.`, cure })];
}

function foreign(topic: string, positions: string): Finding {
  return finding('topic-foreign', {
    where: `topic ${topic}`,
    what: `it holds records, and ${positions} has none that speaks of them.`,
    cure: `Give the pipeline another log.prefix; or, if nobody needs it, run: kafka-topics ${bootstrap} --delete --topic ${topic}`,
  });
}
