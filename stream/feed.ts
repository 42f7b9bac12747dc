import { randomUUID } from 'node:crypto';
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { translateKafkaError } from './kafka';

export type FeedMessage = KafkaMessage;

export interface FeedOptions {
  readonly kafka: Kafka;
  /** Beginning of the consumer group's name; the rest is unique. */
  readonly purpose: string;
  /** Topic → partition count. Every partition is read. */
  readonly topics: Readonly<Record<string, number>>;
  readonly fetch: { readonly waitMs: number; readonly bytes: number; readonly bytesPerPartition: number };
  /** The next offset wanted of a partition. Asked at every join of the group. Must never go down. */
  readonly start: (topic: string, partition: number) => number;
  /** Committed records in offset order. Those below `start` may come again after a rejoin. Must return at once. */
  readonly onRecords: (topic: string, partition: number, messages: readonly FeedMessage[]) => void;
  /** All records below `offset` have been handed over; `high` is the partition's high watermark in the same answer. */
  readonly onPassed: (topic: string, partition: number, offset: number, high: number) => void;
  /** The group was joined (again), with these partitions. */
  readonly onJoined: (assignment: Readonly<Record<string, readonly number[]>>) => void;
  /** A wanted offset was out of range and kafkajs has gone elsewhere: what it hands over next must not be used. */
  readonly onReset: () => void;
  /** The consumer has given up. It does not start again by itself. */
  readonly onFailed: (error: Error) => void;
}

export interface Feed {
  /** `performance.now()` of the brokers' last answer. A broker that hangs is no error to kafkajs for a minute. */
  heardAt(): number;
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  /** Waits at most `closingMs`: towards a dead broker, leaving takes as long as a request's time-out. */
  close(): Promise<void>;
}

const closingMs = 3_000;

/**
 * A kafkajs consumer over exactly the given partitions, from exactly the given offsets. kafkajs has no manual
 * assignment, so it is a group of its own with one member: a fixed group id would make a take-over after SIGKILL wait
 * for the dead member's session (measured: 29 s).
 */
export async function openFeed(options: FeedOptions): Promise<Feed> {
  const { kafka, purpose, topics, fetch } = options;
  const consumer = kafka.consumer({
    groupId: `${purpose}-${randomUUID()}`,
    allowAutoTopicCreation: false,
    readUncommitted: false,
    minBytes: 1,
    maxWaitTimeInMs: fetch.waitMs,
    maxBytes: fetch.bytes,
    maxBytesPerPartition: fetch.bytesPerPartition,
    // A partition added to a topic shows at the next look at the metadata.
    metadataMaxAge: 60_000,
    // About 6 s in all: brokers that have just started say "coordinator is loading" for a while; one that is gone for
    // longer is an error to tell, and to try again later.
    retry: { initialRetryTime: 50, retries: 8, maxRetryTime: 1_600, restartOnFailure: () => Promise.resolve(false) },
  });
  const joined = joinedOrFailed(consumer, options);
  let heardAt = performance.now();
  consumer.on(consumer.events.FETCH, () => void (heardAt = performance.now()));
  try {
    await consumer.connect();
    // `fromBeginning`: where kafkajs goes by itself when an offset is out of range; `onReset` tells of it.
    await consumer.subscribe({ topics: Object.keys(topics), fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }: EachBatchPayload): Promise<void> => {
        options.onRecords(batch.topic, batch.partition, batch.messages);
        options.onPassed(batch.topic, batch.partition, Number(batch.lastOffset()) + 1, Number(batch.highWatermark));
        return Promise.resolve();
      },
    });
    await joined;
  } catch (error) {
    await leave(consumer);
    throw translateKafkaError(error, `joining the readers of ${Object.keys(topics).join(', ')}`);
  }
  return {
    pause: (topic, partition) => consumer.pause([{ topic, partitions: [partition] }]),
    resume: (topic, partition) => consumer.resume([{ topic, partitions: [partition] }]),
    heardAt: () => heardAt,
    close: () => leave(consumer),
  };
}

async function leave(consumer: Consumer): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, closingMs)));
  // What fails here ends by itself: the group has no member left when the session times out, and holds no offsets.
  await Promise.race([consumer.disconnect().catch(() => undefined), enough]);
  clearTimeout(timer);
}

/** Registers the listeners; resolves at the first join and rejects when the consumer gives up before it. */
function joinedOrFailed(consumer: Consumer, options: FeedOptions): Promise<void> {
  const { topics, start } = options;
  const { GROUP_JOIN, START_BATCH_PROCESS, REQUEST, CRASH } = consumer.events;
  consumer.on(START_BATCH_PROCESS, ({ payload }) => {
    // Batches of nothing but markers and aborted records never reach `eachBatch`; this event is all there is of them.
    if (payload.batchSize > 0) return;
    options.onPassed(payload.topic, payload.partition, Number(payload.lastOffset) + 1, Number(payload.highWatermark));
  });
  consumer.on(REQUEST, ({ payload }) => {
    // We never commit offsets, so the one thing that sends this request is kafkajs' silent reset of an offset that is
    // out of range. It is seen here before the first record from the new place arrives.
    if (payload.apiName === 'OffsetCommit') options.onReset();
  });
  const joined = new Promise<void>((resolve, reject) => {
    consumer.on(GROUP_JOIN, ({ payload }) => {
      // In this very call: every join forgets all positions, and the first fetch that finds no seek begins elsewhere.
      for (const [topic, partitions] of Object.entries(topics)) {
        for (let partition = 0; partition < partitions; partition += 1) {
          consumer.seek({ topic, partition, offset: String(start(topic, partition)) });
        }
      }
      options.onJoined(payload.memberAssignment);
      resolve();
    });
    consumer.on(CRASH, ({ payload }) => {
      const error = translateKafkaError(payload.error, 'reading the log');
      options.onFailed(error);
      reject(error);
    });
  });
  joined.catch(() => undefined); // awaited later, or never when connecting fails first
  return joined;
}
