import { Kafka, logLevel, type ISocketFactory, type LogEntry, type Producer } from 'kafkajs';
import { Blocked, Fenced, InvalidConfig, Unavailable } from '../model/errors';
import { mendConnections } from './connections';

/**
 * The one place that makes Kafka clients: `kafkajs` values are imported here and nowhere else, but for the internals that
 * `producer/fast.ts` and others look at.
 */

export type KafkaLog = (level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>) => void;

export interface KafkaOptions {
  /** Bootstrap brokers, `host:port`. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Makes each connection's socket: how tests cut or delay one, since a proxy is bypassed by advertised listeners. */
  readonly socketFactory?: ISocketFactory;
  /** Takes warnings of the client; silent without it. Errors reach the caller as rejections and are not logged twice. */
  readonly log?: KafkaLog;
}

/**
 * About 3 s in all. A broker that restarts takes longer, and that must surface as an error: the slice fails, Temporal
 * waits and tries again with a new client, and meanwhile the status says DEGRADED instead of nothing at all.
 */
const patience = { initialRetryTime: 50, multiplier: 2, factor: 0, maxRetryTime: 800, retries: 6 };

/**
 * Brokers answer CONCURRENT_TRANSACTIONS for some milliseconds after each commit, and a first wait of 300 ms (the
 * default) would make that the duration of every transaction: 85-160 ms against 8-11 ms. About 6 s in all.
 */
const transactionPatience = { initialRetryTime: 3, multiplier: 1.5, factor: 0, maxRetryTime: 500, retries: 24 };

export function createKafka({ brokers, clientId, socketFactory, log }: KafkaOptions): Kafka {
  mendConnections();
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: patience,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      if (log && isWorthLogging(entry)) log('warn', `Kafka: ${entry.log.message}`, { clientId, part: entry.namespace });
    },
    ...(socketFactory ? { socketFactory } : {}),
  });
}

/** A transactional producer that nobody has fenced others with yet. The first `transaction()` does that, not `connect()`. */
export function createTransactionalProducer(
  kafka: Kafka,
  { transactionalId, transactionTimeoutMs }: { transactionalId: string; transactionTimeoutMs: number },
): Producer {
  return kafka.producer({
    transactionalId,
    transactionTimeout: transactionTimeoutMs,
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: transactionPatience,
    // The partition is part of the encoded record: the client must not compute it a second time.
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
  });
}

const notWorthLogging = [
  // The answer that `transactionPatience` is there for: some at every transaction.
  'another concurrent operation on the same transaction',
  // A writer is thrown away after an error, so nothing is invalidated.
  'Limiting retries for the idempotent producer',
  // These reach the caller as rejections, once; here they would be said at each of many tries.
  'Connection error',
  'Failed to connect',
  'Crash:',
  'Response ',
];

function isWorthLogging({ log }: LogEntry): boolean {
  const said = `${log.message} ${String(log['error'] ?? '')}`;
  return !notWorthLogging.some((text) => said.includes(text));
}

/** Another producer has taken the transactional id, or the coordinator has ended our transaction for us. */
const fencedTypes = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING']);

/** Errors of the client in our few classes. `doing` completes "Kafka failed while …". Errors of ours pass unchanged. */
export function translateKafkaError(error: unknown, doing: string): Error {
  if (isOurs(error)) return error;
  for (const cause of causes(error)) {
    const type = (cause as { type?: unknown }).type;
    if (typeof type === 'string' && fencedTypes.has(type)) {
      return new Fenced(
        `Kafka refused us while ${doing} (${type}): another writer has taken this log, or our transaction timed out. ` +
          'Open a writer again if the log is still yours.',
      );
    }
  }
  const text = error instanceof Error ? error.message : String(error);
  return new Unavailable(`Kafka failed while ${doing}: ${text}. Check that the brokers are up and reachable.`);
}

function isOurs(error: unknown): error is Error {
  return (
    error instanceof Unavailable ||
    error instanceof Fenced ||
    error instanceof Blocked ||
    error instanceof InvalidConfig
  );
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  let current = error;
  while (current instanceof Error && chain.length < 10) {
    chain.push(current);
    current = current.cause;
  }
  return chain;
}
