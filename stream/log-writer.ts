import type { Kafka, Producer, Transaction } from 'kafkajs';
import { Blocked } from '../model/errors';
import { positionsTopic, schemasTopic } from '../model/names';
import type { Offsets } from '../model/offsets';
import type { SchemaVersion } from '../model/schema';
import type { ProducerKind } from '../model/settings';
import { advanceEnds, emptyEnds, startingEnds, type Landed } from './ends';
import { createForeseen, landedAsForeseen } from './foreseen';
import { createTransactionalProducer, translateKafkaError, type KafkaLog } from './kafka';
import type { Closing, LogWriter, PositionRecord } from './log';
import { createPositionEncoder } from './position-changes';
import { readLastPosition } from './positions';
import { withShortTransactions } from './producer/coordinator';
import { openMessageForm, type MessageForm } from './producer/message-form';
import { encodeSchemaVersion } from './schema-format';
import { batchLimit, recordLimit, sendsOf } from './sends';
import type { Places, Records } from './supply';
import { readBatchLimit } from './topics';
import type { BatchForm } from './written-batch';

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
  /** Who encodes what is sent (docs/decisions/0011-fast-producer.md). */
  readonly producer: ProducerKind;
  /** Told when that one cannot be had. */
  readonly log?: KafkaLog;
  /** A dead writer's open transaction stops all readers for so long, unless a successor fences it before. */
  readonly transactionTimeoutMs?: number;
  /** Keeps every other writer out. Replaced by tests only, to show what happens without. */
  readonly fence?: (producer: Producer) => Promise<void>;
  /** Whether a position record that went with its records says where they landed. Replaced by tests only, as above. */
  readonly landedAsForeseen?: typeof landedAsForeseen;
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
  const plan = { transactionalId, lastTopic: positionsTopic(prefix) };
  const short = options.producer === 'fast' ? withShortTransactions(kafka, plan) : null;
  const producer = createTransactionalProducer(short ?? kafka, { transactionalId, transactionTimeoutMs });
  try {
    await producer.connect();
    // Invariant 2: fence first, read second. Swapped, the old writer could append between the two, and what it appended
    // would be appended again by us: in a compacted topic the older version would then win for ever.
    await fence(producer);
    const last = checkLog(options, (await readLastPosition({ kafka, prefix }))?.record ?? null);
    const topicLimit = await readBatchLimit(kafka, Object.keys(options.topics));
    const maxRecordBytes = recordLimit(Math.min(options.maxMessageBytes ?? Infinity, topicLimit));
    const headers = { logId: Buffer.from(options.logId) };
    const form = await openMessageForm(options.producer, { headers, log: options.log });
    return new Writer(options, { producer, form, headerBytes: headers.logId.length, maxRecordBytes, last });
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

/** What a writer works with once the log is its own. */
interface Opened {
  readonly producer: Producer;
  readonly form: MessageForm;
  /** Of what every record carries. */
  readonly headerBytes: number;
  readonly maxRecordBytes: number;
  readonly last: PositionRecord | null;
}

/** What a transaction has written so far. */
interface Written {
  ends: Offsets;
  readonly sentBefore: Set<string>;
}

function countsOf(places: Places): Map<string, Map<number, number>> {
  return new Map(
    [...places].map(([topic, partitions]) => [
      topic,
      new Map([...partitions].map(([partition, { length }]) => [partition, length])),
    ]),
  );
}

class Writer implements LogWriter {
  last: PositionRecord | null;
  readonly maxRecordBytes: number;
  readonly batches: BatchForm;
  private ends: Offsets;
  private readonly foreseen = createForeseen();
  private readonly encoder = createPositionEncoder();
  /** Where the position record of the append that is under way has landed; null: not known. */
  private recordAt: string | null = null;
  private appending = false;
  private dead: string | null = null;

  constructor(
    private readonly options: LogWriterOptions,
    private readonly opened: Opened,
  ) {
    const { maxRecordBytes, last } = opened;
    this.maxRecordBytes = maxRecordBytes;
    this.batches = { encodeHeaders: opened.form.encodeHeaders, mostBytes: batchLimit(maxRecordBytes) };
    this.last = last;
    this.ends = last ? startingEnds(options.topics, last.ends) : emptyEnds(options.topics);
  }

  async append(records: Records, closing: Closing, versions: readonly SchemaVersion[] = []): Promise<PositionRecord> {
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
    records: Records,
    closing: Closing,
    versions: readonly SchemaVersion[],
  ): Promise<PositionRecord> {
    const { logId, source, prefix } = this.options;
    const { producer, form, headerBytes, maxRecordBytes } = this.opened;
    const sends = sendsOf(records, { headerBytes, maxRecordBytes, producer: form.kind });
    const transaction = await producer.transaction();
    // One by one: a version of a table of 1,600 columns is a fifth of what a batch may hold. Not among `ends`, since no
    // lane follows this topic: whoever meets an id reads it, and finds it because both were committed together.
    for (const version of versions) {
      const messages = form.toMessages(new Map([[0, [encodeSchemaVersion(version)]]]));
      await transaction.send({ topic: schemasTopic(prefix), acks: -1, messages });
    }
    const written = { ends: this.ends, sentBefore: new Set<string>() };
    let send = sends.next();
    for (; !send.last; send = sends.next()) written.ends = await this.send(transaction, written, send.places);
    const record = await this.sendWithPosition(transaction, written, {
      places: send.places.size > 0 ? send.places : undefined,
      recordAt: (ends) => ({ version: 1, logId, ...source, ...closing, ends }),
    });
    await transaction.commit();
    this.foreseen.committed(written.sentBefore, record.ends);
    this.encoder.committed(this.recordAt);
    this.ends = record.ends;
    this.last = record;
    return record;
  }

  /**
   * The position record must say where everything else landed. What is known before is sent in one request with the last records:
   * they become visible together or not at all, so that no order between partitions is needed within a transaction. Should they
   * land elsewhere, the record is wrong and nothing is committed (Invariant 2).
   */
  private async sendWithPosition(
    transaction: Transaction,
    written: Written,
    { places, recordAt }: { places: Places | undefined; recordAt: (ends: Offsets) => PositionRecord },
  ): Promise<PositionRecord> {
    const foreseen = places && this.foreseen.after({ ...written, counts: countsOf(places) });
    if (places && foreseen) {
      const record = recordAt(foreseen);
      const ends = await this.send(transaction, written, places, record);
      const { prefix, landedAsForeseen: asForeseen = landedAsForeseen } = this.options;
      if (!asForeseen(foreseen, ends)) {
        throw new Error(
          `Records for ${prefix} landed elsewhere than this writer's last ones told: somebody else has written to a topic of ` +
            'this log. Nothing was committed.',
        );
      }
      return record;
    }
    if (places) written.ends = await this.send(transaction, written, places);
    const record = recordAt(written.ends);
    await this.send(transaction, written, new Map(), record);
    return record;
  }

  /** Where the log ends for its readers once this is committed. */
  private async send(
    transaction: Transaction,
    { ends, sentBefore }: Written,
    places: Places,
    record?: PositionRecord,
  ): Promise<Offsets> {
    const { form } = this.opened;
    const topicMessages = [...places].map(([topic, partitions]) => ({ topic, messages: form.toMessages(partitions) }));
    const positions = positionsTopic(this.options.prefix);
    if (record) {
      const closing = this.encoder.encode(record);
      topicMessages.push({ topic: positions, messages: form.toMessages(new Map([[0, [closing]]])) });
    }
    const answered: Landed[] = await transaction.sendBatch({ acks: -1, topicMessages });
    const landed = record ? answered.filter(({ topicName }) => topicName !== positions) : answered;
    if (record) this.recordAt = onlyOffset(answered.filter(({ topicName }) => topicName === positions));
    return advanceEnds({ ends, sentBefore, counts: countsOf(places), landed });
  }

  private async end(why: string): Promise<void> {
    this.dead = why;
    await this.opened.producer.disconnect().catch(() => undefined);
  }
}

/** Of the one record of its partition; null when the brokers do not say. */
function onlyOffset([first, ...others]: readonly Landed[]): string | null {
  const offset = Number(first?.baseOffset);
  return others.length === 0 && Number.isSafeInteger(offset) && offset >= 0 ? String(offset) : null;
}
