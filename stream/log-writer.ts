import type { Kafka, Producer, Transaction } from 'kafkajs';
import { Blocked } from '../model/errors';
import { positionsTopic, schemasTopic } from '../model/names';
import type { Offsets } from '../model/offsets';
import type { SchemaVersion } from '../model/schema';
import { advanceEnds, emptyEnds, startingEnds } from './ends';
import { createTransactionalProducer, translateKafkaError } from './kafka';
import type { Closing, EncodedRecord, LogWriter, PositionRecord } from './log';
import { encodePositionRecord, positionKey } from './position-format';
import { readLastPosition } from './positions';
import { encodeSchemaVersion } from './schema-format';
import { recordLimit, splitIntoSends } from './sends';
import { readBatchLimit } from './topics';

export interface LogWriterOptions {
  readonly kafka: Kafka;
  readonly prefix: string;
  readonly transactionalId: string;
  /** Identity of the log, in every record. A log that says otherwise is `Blocked` log-replaced. */
  readonly logId: string;
  readonly source: { readonly systemId: string; readonly timeline: number };
  /** Table topic → partition count, all tables of the log. */
  readonly topics: Readonly<Record<string, number>>;
  /** `log.maxMessageBytes`. Topics made with less have the last word. */
  readonly maxMessageBytes?: number;
  /** A dead writer's open transaction stops all readers for so long, unless a successor fences it before. */
  readonly transactionTimeoutMs?: number;
  /** Keeps every other writer out. Replaced by tests only, to show what happens without. */
  readonly fence?: (producer: Producer) => Promise<void>;
}

export const defaultTransactionTimeoutMs = 15_000;

/** `connect()` fences nobody: only the first transaction makes the coordinator give out a new epoch. */
export async function takeFence(producer: Producer): Promise<void> {
  const transaction = await producer.transaction();
  await transaction.abort();
}

/** See `LogWriter`. Rejects with `Unavailable`, `Fenced` or `Blocked` log-replaced; nothing stays open then. */
export async function openLogWriter(options: LogWriterOptions): Promise<LogWriter> {
  const {
    kafka,
    prefix,
    transactionalId,
    transactionTimeoutMs = defaultTransactionTimeoutMs,
    fence = takeFence,
  } = options;
  const producer = createTransactionalProducer(kafka, { transactionalId, transactionTimeoutMs });
  try {
    await producer.connect();
    // Invariant 2: fence first, read second. Swapped, the old writer could append between the two, and what it appended
    // would be appended again by us: in a compacted topic the older version would then win for ever.
    await fence(producer);
    const last = checkLog(options, (await readLastPosition({ kafka, prefix }))?.record ?? null);
    const topicLimit = await readBatchLimit(kafka, Object.keys(options.topics));
    const maxRecordBytes = recordLimit(Math.min(options.maxMessageBytes ?? Infinity, topicLimit));
    return new Writer(options, { producer, maxRecordBytes }, last);
  } catch (error) {
    await producer.disconnect().catch(() => undefined);
    throw translateKafkaError(error, `opening the log ${prefix} for writing`);
  }
}

function checkLog({ prefix, logId }: LogWriterOptions, last: PositionRecord | null): PositionRecord | null {
  if (last && last.logId !== logId) {
    throw new Blocked(
      'log-replaced',
      `The log ${prefix} is ${last.logId}, not ${logId}: another pipeline has begun a log under this prefix. Give this ` +
        'one another log.prefix, or start its capture anew.',
    );
  }
  return last;
}

class Writer implements LogWriter {
  last: PositionRecord | null;
  readonly maxRecordBytes: number;
  private readonly producer: Producer;
  private ends: Offsets;
  private readonly headers: { readonly logId: Buffer };
  private appending = false;
  private dead: string | null = null;

  constructor(
    private readonly options: LogWriterOptions,
    { producer, maxRecordBytes }: { readonly producer: Producer; readonly maxRecordBytes: number },
    last: PositionRecord | null,
  ) {
    this.producer = producer;
    this.maxRecordBytes = maxRecordBytes;
    this.last = last;
    this.ends = last ? startingEnds(options.topics, last.ends) : emptyEnds(options.topics);
    this.headers = { logId: Buffer.from(options.logId) };
  }

  async append(
    records: readonly EncodedRecord[],
    closing: Closing,
    versions: readonly SchemaVersion[] = [],
  ): Promise<PositionRecord> {
    if (this.dead !== null)
      throw new Error(`This log writer is ${this.dead}: open another one and read the position anew.`);
    if (this.appending) throw new Error('One append at a time: wait for the last one before the next.');
    this.appending = true;
    try {
      return await this.commit(records, closing, versions);
    } catch (error) {
      // After an error kafkajs rewinds its sequence numbers, and the broker takes the next batch for a repetition: it
      // acknowledges and drops it. So there is no abort and no second try here; the successor's fence ends what is open.
      await this.end('dead after an error');
      throw translateKafkaError(error, `appending to the log ${this.options.prefix}`);
    } finally {
      this.appending = false;
    }
  }

  async close(): Promise<void> {
    if (this.dead === null) await this.end('closed');
  }

  private async commit(
    records: readonly EncodedRecord[],
    closing: Closing,
    versions: readonly SchemaVersion[],
  ): Promise<PositionRecord> {
    const { logId, source, prefix } = this.options;
    const { maxRecordBytes } = this;
    const sends = splitIntoSends(records, { headerBytes: this.headers.logId.length, maxRecordBytes });
    const transaction = await this.producer.transaction();
    // One by one: a version of a table of 1,600 columns is a fifth of what a batch may hold. Not among `ends`, since no
    // lane follows this topic: whoever meets an id reads it, and finds it because both were committed together.
    for (const version of versions) {
      const message = { partition: 0, ...encodeSchemaVersion(version), headers: this.headers };
      await transaction.send({ topic: schemasTopic(prefix), acks: -1, messages: [message] });
    }
    let ends = this.ends;
    const sentBefore = new Set<string>();
    for (const send of sends) ends = await this.send(transaction, { send, ends, sentBefore });
    const record: PositionRecord = { version: 1, logId, ...source, ...closing, ends };
    // Last in the transaction, as `ends` must say where everything else landed.
    await transaction.send({
      topic: positionsTopic(prefix),
      acks: -1,
      messages: [{ partition: 0, key: positionKey, value: encodePositionRecord(record), headers: this.headers }],
    });
    await transaction.commit();
    this.ends = ends;
    this.last = record;
    return record;
  }

  private async send(
    transaction: Transaction,
    { send, ends, sentBefore }: { send: readonly EncodedRecord[]; ends: Offsets; sentBefore: Set<string> },
  ): Promise<Offsets> {
    const counts = new Map<string, Map<number, number>>();
    const messages = new Map<
      string,
      { partition: number; key: Buffer; value: Buffer | null; headers: Record<string, Buffer> }[]
    >();
    for (const { topic, partition, key, value, headers } of send) {
      const ofTopic = counts.get(topic) ?? new Map<number, number>();
      counts.set(topic, ofTopic.set(partition, (ofTopic.get(partition) ?? 0) + 1));
      const list = messages.get(topic);
      const message = { partition, key, value, headers: headers ? { ...this.headers, ...headers } : this.headers };
      if (list) list.push(message);
      else messages.set(topic, [message]);
    }
    const landed = await transaction.sendBatch({
      acks: -1,
      topicMessages: [...messages].map(([topic, list]) => ({ topic, messages: list })),
    });
    return advanceEnds({ ends, sentBefore, counts, landed });
  }

  private async end(why: string): Promise<void> {
    this.dead = why;
    await this.producer.disconnect().catch(() => undefined);
  }
}
