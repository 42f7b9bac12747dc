import type { Kafka } from 'kafkajs';
import { finding, type PartReport } from '../model/finding';
import { parkedTopic, positionsTopic } from '../model/names';
import { mayPark, poisonRules } from '../model/poison';
import { recordRules, wantsMessages, type Pipeline } from '../model/pipeline';
import { readBrokers, readTopics, readWritten } from './broker-facts';
import { judgeBrokers } from './judge-brokers';
import { judgeTopics } from './judge-topics';
import { defaultTransactionTimeoutMs } from './log-writer';
import { dayMs, logTopics, parkedBatchLimit } from './topics';

export interface LogReport extends PartReport {
  /** The log has position records; null when Kafka does not say. */
  readonly begun: boolean | null;
}

const part = 'log';

/**
 * Looks at everything the log needs of Kafka, and at the topics that exist. Creates nothing. `pipeline` is null for a
 * file that cannot be read: then the brokers alone are looked at. Rejects only by a bug or when `signal` aborts.
 */
export async function checkLog(
  {
    kafka,
    brokers,
    pipeline,
  }: { readonly kafka: Kafka; readonly brokers: readonly string[]; readonly pipeline: Pipeline | null },
  signal: AbortSignal,
): Promise<LogReport> {
  const admin = kafka.admin();
  const leave = () => void admin.disconnect().catch(() => undefined);
  signal.addEventListener('abort', leave, { once: true });
  try {
    await admin.connect();
    const facts = await readBrokers(admin);
    const wanted = pipeline ? wantedTopics(pipeline) : {};
    const names = Object.keys(wanted);
    const existing = names.filter((name) => facts.topics.has(name));
    const present = await readTopics(admin, existing);
    const written = await readWritten(kafka, existing);
    const missing = names.length - present.length;
    const prefix = pipeline?.log.prefix ?? '';
    const { replicationFactor = 1, windowDays = 1 } = pipeline?.log ?? {};
    const maxMessageBytes = pipeline ? recordRules(pipeline).maxMessageBytes : 0;
    const parked = new Set(pipeline ? parkedTopics(pipeline) : []);
    const takes = (topic: string) => (parked.has(topic) ? parkedBatchLimit(maxMessageBytes) : maxMessageBytes);
    const findings = [
      ...judgeBrokers(facts, {
        replicationFactor,
        transactionTimeoutMs: defaultTransactionTimeoutMs,
        maxMessageBytes,
        missing,
        present,
      }),
      ...judgeTopics(present, { prefix, wanted, windowMs: windowDays * dayMs, takes, written }),
    ];
    const begun = written.has(positionsTopic(prefix));
    return { part, facts: factsOf(facts.brokers, names.length, missing, begun), findings, begun };
  } catch (error) {
    signal.throwIfAborted();
    return { part, facts: [], findings: [unreachable(error, brokers)], begun: null };
  } finally {
    signal.removeEventListener('abort', leave);
    await admin.disconnect().catch(() => undefined);
  }
}

function wantedTopics(pipeline: Pipeline): Record<string, number> {
  const { log, source } = pipeline;
  const ofLog = logTopics({ ...log, tables: source.tables, messages: wantsMessages({ source }) });
  return { ...ofLog, ...Object.fromEntries(parkedTopics(pipeline).map((topic) => [topic, 1])) };
}

/** Of the stores whose policy is to park. */
function parkedTopics({ log, stores }: Pipeline): string[] {
  const parking = Object.entries(stores).filter(([, definition]) => mayPark(poisonRules(definition)));
  return parking.map(([store]) => parkedTopic(log.prefix, store));
}

function unreachable(error: unknown, brokers: readonly string[]) {
  return finding('log-unreachable', {
    where: `KAFKA_BROKERS (${brokers.join(', ')})`,
    what: `Kafka does not answer: ${(error instanceof Error ? error.message : String(error)).replace(/\.$/, '')}.`,
    cure: 'Start it, or set KAFKA_BROKERS to host:port of a broker.',
  });
}

function factsOf(brokers: number, wanted: number, missing: number, begun: boolean): string[] {
  const cluster = `${brokers} broker${brokers === 1 ? '' : 's'}`;
  if (wanted === 0) return [cluster];
  const topics = missing === 0 ? `${wanted} topics, all there` : `${wanted} topics, ${missing} of them to be made`;
  return [cluster, topics, begun ? 'the log is begun' : 'the log is yet to be begun'];
}
