import { randomUUID } from 'node:crypto';
import type { Position } from '../../../model/position';
import type { ProducerKind } from '../../../model/settings';
import { createKafka, type KafkaOptions } from '../../../stream/kafka';
import { openLaneReader, type LaneReaderOptions } from '../../../stream/lane-reader';
import type { Closing, EncodedRecord, LaneReader, LogBatch, LogWriter } from '../../../stream/log';
import { openLogWriter, type LogWriterOptions } from '../../../stream/log-writer';
import { ensureTopics } from '../../../stream/topics';
import type { Kafka, Producer } from '../../support/kafka';
import { testAddress } from '../../support/project';

const address = testAddress('kafka');
export const dayMs = 86_400_000;
const boundMs = 60_000;

/** A log of its own for one test: new prefix, new log id, and everything opened on it closed at the end. */
export class LogFixture {
  readonly prefix = `t${randomUUID().slice(0, 8)}`;
  readonly logId = randomUUID();
  topics: Record<string, number> = {};
  private readonly opened: { close(): Promise<void> }[] = [];

  private constructor(private readonly producer: ProducerKind) {}

  static async create(
    tables: readonly string[] = ['public.a', 'public.b'],
    partitions = 2,
    producer: ProducerKind = 'fast',
    maxMessageBytes?: number,
  ): Promise<LogFixture> {
    const fixture = new LogFixture(producer);
    fixture.topics = await ensureTopics({
      kafka: fixture.kafka(),
      prefix: fixture.prefix,
      tables,
      partitions,
      replicationFactor: 1,
      windowDays: 7,
      ...(maxMessageBytes === undefined ? {} : { maxMessageBytes }),
    });
    return fixture;
  }

  kafka(options: Partial<KafkaOptions> = {}): Kafka {
    return createKafka({ brokers: [address], clientId: this.prefix, ...options });
  }

  async writer(options: Partial<LogWriterOptions> = {}): Promise<LogWriter> {
    const writer = await openLogWriter({
      kafka: this.kafka(),
      prefix: this.prefix,
      transactionalId: `slipstream-${this.prefix}`,
      logId: this.logId,
      source: { systemId: '7', timeline: 1 },
      topics: this.topics,
      producer: this.producer,
      ...options,
    });
    this.opened.push(writer);
    return writer;
  }

  async reader(options: Partial<LaneReaderOptions> = {}): Promise<LaneReader> {
    const reader = await openLaneReader({
      kafka: this.kafka(),
      prefix: this.prefix,
      topics: this.topics,
      logId: this.logId,
      windowMs: 7 * dayMs,
      clientId: `${this.prefix}-lane`,
      ...options,
    });
    this.opened.push(reader);
    return reader;
  }

  /** `count` records spread over all partitions, their values counting up from `first`. */
  records(count: number, first = 0): EncodedRecord[] {
    const places = Object.entries(this.topics).flatMap(([topic, partitions]) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
    );
    return Array.from({ length: count }, (_, index) => {
      const place = places[(first + index) % places.length] ?? { topic: '', partition: 0 };
      const text = String(first + index);
      return { ...place, key: Buffer.from(text), value: Buffer.from(text) };
    });
  }

  /** A transaction of a foreign producer on this log that ends as asked: the holes a real log has. */
  async disturb(times: number, topics: readonly string[] = [...Object.keys(this.topics), `${this.prefix}.positions`]) {
    const producer: Producer = this.kafka().producer({
      transactionalId: `disturb-${this.prefix}`,
      idempotent: true,
      maxInFlightRequests: 1,
      retry: { initialRetryTime: 3, multiplier: 1.5, factor: 0, maxRetryTime: 100, retries: 100 },
      createPartitioner: () => () => 0,
    });
    await producer.connect();
    for (let time = 0; time < times; time += 1) {
      const transaction = await producer.transaction();
      await transaction.sendBatch({
        topicMessages: topics.map((topic) => ({ topic, messages: [{ key: 'x', value: 'aborted' }] })),
      });
      await transaction.abort();
    }
    await producer.disconnect();
  }

  async close(): Promise<void> {
    for (const thing of this.opened) await thing.close();
  }
}

export function closing(lsn: number, closed = true): Closing {
  const position: Position = { lsn: String(lsn), index: closed ? 0 : 1 };
  return { position, closed, copies: {}, committedAt: 1_000 + lsn };
}

/** Pieces until `done` says so, each within a bound that finds what hangs. */
export async function readUntil(
  reader: LaneReader,
  maxRecords: number | (() => number),
  done: (piece: LogBatch) => boolean,
): Promise<LogBatch[]> {
  const pieces: LogBatch[] = [];
  for (;;) {
    const piece = await reader.next({
      maxRecords: typeof maxRecords === 'number' ? maxRecords : maxRecords(),
      waitMs: boundMs,
      signal: new AbortController().signal,
    });
    if (!piece) throw new Error(`Nothing came within ${boundMs / 1_000} s, after ${pieces.length} pieces.`);
    pieces.push(piece);
    if (done(piece)) return pieces;
  }
}

export function valuesOf(pieces: readonly LogBatch[]): string[] {
  return pieces.flatMap((piece) => piece.records.map((record) => record.value?.toString() ?? ''));
}
