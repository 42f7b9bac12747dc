import { randomUUID } from 'node:crypto';
import type { IHeaders } from 'kafkajs';
import { quietKafka, withAdmin } from './kafka';

/** A change as it stands on a table topic. Parsed here with nothing of ours but the envelope's published names. */
export interface LoggedChange {
  readonly table: string;
  readonly partition: number;
  readonly offset: number;
  readonly operation: 'c' | 'u' | 'd' | 'r';
  readonly lsn: bigint;
  readonly index: number;
  readonly revision: number;
  /** The record's key, as the topic has it. */
  readonly key: string;
}

interface Envelope {
  readonly op: LoggedChange['operation'];
  readonly before: { readonly revision: string } | null;
  readonly after: { readonly revision: string } | null;
  readonly source: { readonly table: string };
  readonly position: { readonly lsn: string; readonly index: number };
}

/** A record of any topic, as Kafka has it. */
export interface RawRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
}

/** Reads the whole log as a `read_committed` reader sees it now: every table topic from its beginning to its end. */
export async function readLog(brokers: string, topics: readonly string[]): Promise<LoggedChange[]> {
  return readRecords(brokers, topics, ({ key, value, partition, offset }) =>
    value ? parse({ key, value }, partition, offset) : null,
  );
}

/** The same for any topics, tombstones included: what `take` makes of each record, but null. */
export async function readRecords<Taken>(
  brokers: string,
  topics: readonly string[],
  take: (record: RawRecord) => Taken | null,
): Promise<Taken[]> {
  const kafka = quietKafka('log-check', brokers.split(','));
  const ends = new Map<string, number>();
  await withAdmin(kafka, async (admin) => {
    for (const topic of topics) {
      for (const { partition, high, low } of await admin.fetchTopicOffsets(topic)) {
        if (Number(high) > Number(low)) ends.set(`${topic}/${partition}`, Number(high));
      }
    }
  });
  if (ends.size === 0) return [];

  const records: Taken[] = [];
  const next = new Map<string, number>();
  const consumer = kafka.consumer({ groupId: `log-check-${randomUUID()}` });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`Nothing came of the log for 120 s; left: ${[...ends.keys()].join(', ')}`)),
        120_000,
      );
      const reached = (topic: string, partition: number, next: number) => {
        timer.refresh();
        const name = `${topic}/${partition}`;
        if (next >= (ends.get(name) ?? 0)) ends.delete(name);
        if (ends.size > 0) return;
        clearTimeout(timer);
        resolve();
      };
      // The end of a partition is a commit marker, which never reaches `eachBatch`: its batch's own event tells.
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) =>
        reached(payload.topic, payload.partition, Number(payload.lastOffset) + 1),
      );
      consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
        if (payload.batchSize === 0) reached(payload.topic, payload.partition, Number(payload.lastOffset) + 1);
      });
      consumer
        .run({
          autoCommit: false,
          eachBatch: ({ batch }) => {
            const { topic, partition } = batch;
            const name = `${topic}/${partition}`;
            for (const { key, value, offset, headers = {} } of batch.messages) {
              // A reader that a busy machine keeps from its heartbeats is thrown out, and begins again: an offset counts once.
              if (Number(offset) < (next.get(name) ?? 0)) continue;
              next.set(name, Number(offset) + 1);
              const taken = take({ topic, partition, offset: Number(offset), key, value, headers });
              if (taken !== null) records.push(taken);
            }
            return Promise.resolve();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return records;
}

function parse({ key, value }: { key: Buffer | null; value: Buffer }, partition: number, offset: number): LoggedChange {
  const { op, before, after, source, position } = JSON.parse(value.toString('utf8')) as Envelope;
  return {
    table: source.table,
    partition,
    offset,
    operation: op,
    lsn: BigInt(position.lsn),
    index: position.index,
    revision: Number((after ?? before)?.revision),
    key: key?.toString('utf8') ?? '',
  };
}
