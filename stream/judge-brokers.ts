import { finding, type Finding } from '../model/finding';
import type { BrokerFacts, TopicFacts } from './broker-facts';
import { alterBrokers, alterTopic } from './judge-topics';

export interface Wishes {
  readonly replicationFactor: number;
  readonly transactionTimeoutMs: number;
  /** The largest record that the pipeline declares; topics are made with it, whatever the brokers' default. */
  readonly maxMessageBytes: number;
  /** Topics that are still to be made, and take over the brokers' settings. */
  readonly missing: number;
  readonly present: readonly TopicFacts[];
}

/** What a request has besides its largest batch, with room to spare. */
const requestRoom = 1_048_576;

/** What of the cluster keeps a log from being written, or from being safe. Pure. */
export function judgeBrokers(facts: BrokerFacts, wishes: Wishes): Finding[] {
  return [
    ...judgeCopies(facts, wishes),
    ...judgeInSync(facts, wishes),
    ...judgeSafety(facts, wishes),
    ...judgeTransactions(facts, wishes),
    ...judgeSize(facts, wishes),
  ];
}

function judgeCopies({ brokers }: BrokerFacts, { replicationFactor, missing, present }: Wishes): Finding[] {
  const where = 'log.replicationFactor';
  if (missing > 0 && replicationFactor > brokers) {
    const cure = `Set it to ${brokers}, or start more brokers.`;
    return [finding('log-replication', { where, what: `it is ${replicationFactor}, and ${are(brokers)}.`, cure })];
  }
  const copies = Math.min(...present.map((topic) => topic.copies), ...(missing > 0 ? [replicationFactor] : []));
  if (copies > 1 || brokers < 3) return [];
  return [
    finding('log-single-copy', {
      where,
      what: `partitions have one copy, on a cluster of ${brokers} brokers.`,
      cure: 'Set log.replicationFactor to 3 before the first start; reassign the partitions of topics that are there.',
    }),
  ];
}

/** Per topic that exists, and for those to be made by the brokers' default. */
function judgeInSync({ settings }: BrokerFacts, { replicationFactor, missing, present }: Wishes): Finding[] {
  const setting = 'min.insync.replicas';
  const places = [
    ...present.map((topic) => ({ topic: topic.name, copies: topic.copies, needed: Number(topic.settings[setting]) })),
    ...(missing > 0 ? [{ topic: null, copies: replicationFactor, needed: Number(settings[setting]) }] : []),
  ];
  return places.flatMap(({ topic, copies, needed }) => {
    const where = topic === null ? 'the brokers' : `topic ${topic}`;
    const what = `${setting} is ${needed}, and partitions have ${copies} ${copies === 1 ? 'copy' : 'copies'}.`;
    const cure = (value: number) => alter(topic, `${setting}=${value}`);
    if (needed > copies) return [finding('log-in-sync-high', { where, what, cure: cure(Math.max(1, copies - 1)) })];
    return needed < 2 && copies >= 3 ? [finding('log-in-sync-low', { where, what, cure: cure(2) })] : [];
  });
}

function judgeSafety({ settings }: BrokerFacts, { missing, present }: Wishes): Finding[] {
  const setting = 'unclean.leader.election.enable';
  const unclean = [
    ...present.filter((topic) => topic.settings[setting] === 'true').map(({ name }) => name),
    ...(missing > 0 && settings[setting] === 'true' ? [null] : []),
  ];
  const found = unclean.map((topic) =>
    finding('log-unclean-election', {
      where: topic === null ? 'the brokers' : `topic ${topic}`,
      what: `${setting} is true.`,
      cure: alter(topic, `${setting}=false`),
    }),
  );
  if (settings['auto.create.topics.enable'] !== 'true') return found;
  const autoCreate = finding('log-auto-create', {
    where: 'the brokers',
    what: 'auto.create.topics.enable is true.',
    cure: "Set auto.create.topics.enable=false in the brokers' server.properties and restart them.",
  });
  return [...found, autoCreate];
}

function alter(topic: string | null, setting: string): string {
  return topic === null ? alterBrokers(setting) : alterTopic(topic, setting);
}

function judgeTransactions({ brokers, settings, topics }: BrokerFacts, { transactionTimeoutMs }: Wishes): Finding[] {
  const number = (name: string) => Number(settings[name]);
  const found: Finding[] = [];
  const tooMany = (code: 'log-transactions' | 'log-groups', setting: string) =>
    finding(code, {
      where: setting,
      what: `it is ${settings[setting] ?? ''}, and ${are(brokers)}.`,
      cure: `Set ${setting}=${brokers} in the brokers' server.properties and restart them.`,
    });
  const copies = 'transaction.state.log.replication.factor';
  if (!topics.has('__transaction_state') && number(copies) > brokers) found.push(tooMany('log-transactions', copies));
  const inSync = 'transaction.state.log.min.isr';
  if (number(inSync) > brokers) found.push(tooMany('log-transactions', inSync));
  const longest = 'transaction.max.timeout.ms';
  if (number(longest) < transactionTimeoutMs) {
    found.push(
      finding('log-transactions', {
        where: longest,
        what: `it is ${settings[longest] ?? ''}, and capture asks for ${transactionTimeoutMs}.`,
        cure: `Set ${longest}=900000 in the brokers' server.properties and restart them.`,
      }),
    );
  }
  const groups = 'offsets.topic.replication.factor';
  if (!topics.has('__consumer_offsets') && number(groups) > brokers) found.push(tooMany('log-groups', groups));
  return found;
}

/** `message.max.bytes` does not matter, as topics say it themselves, nor do the fetch limits: a batch is never cut. */
function judgeSize({ settings }: BrokerFacts, { maxMessageBytes }: Wishes): Finding[] {
  const setting = 'socket.request.max.bytes';
  if (!(Number(settings[setting]) < maxMessageBytes + requestRoom)) return [];
  return [
    finding('log-request-limit', {
      where: setting,
      what: `it is ${settings[setting] ?? ''}, and log.maxMessageBytes is ${maxMessageBytes}.`,
      cure: `Set ${setting}=104857600 in the brokers' server.properties and restart them, or lower log.maxMessageBytes.`,
    }),
  ];
}

function are(brokers: number): string {
  return brokers === 1 ? 'there is one broker' : `there are ${brokers} brokers`;
}
