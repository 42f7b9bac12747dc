import { randomUUID } from 'node:crypto';
import { createDeps } from '../worker/deps';
import { openCaptureSession, prepareCapture, type CaptureOptions } from '../capture/session';
import type { Log as Logging } from '../model/log';
import type { Deps } from '../activities/deps';
import { blindObserver } from '../activities/observer';
import { parsePipeline, type Pipeline, type PipelineFile } from '../model/pipeline';
import { parseSettings, type ProducerKind } from '../model/settings';
import { createKafka } from '../stream/kafka';
import { readLastPosition } from '../stream/positions';
import type { Addresses } from './addresses';
import type { StoreAddresses } from './pipeline';

/** What a process of a bench works on. JSON. */
export interface Place {
  readonly kafka: string;
  readonly pipeline: PipelineFile;
  readonly environment: StoreAddresses;
  readonly producer: ProducerKind;
}

export function placeOf(
  addresses: Addresses,
  pipeline: PipelineFile,
  { source, replica = '', producer = 'fast' }: { source: string; replica?: string; producer?: ProducerKind },
): Place {
  return {
    producer,
    kafka: addresses.kafka,
    pipeline,
    environment: {
      BENCH_SOURCE_URL: source,
      BENCH_REPLICA_URL: replica,
      BENCH_SEARCH_URL: addresses.elasticsearch,
      BENCH_CACHE_URL: addresses.redis,
    },
  };
}

/** The dependencies that a worker would give its activities. Warnings go to stderr. */
export function depsAt({ kafka, environment }: Place): Deps {
  return createDeps({
    settings: parseSettings({ KAFKA_BROKERS: kafka }),
    environment: { ...environment },
    workerId: randomUUID(),
    observer: blindObserver,
    log: warnings,
  });
}

const warnings: Logging = (level, message, fields) => {
  if (level !== 'info') process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
};

export function captureOptionsAt(place: Place, logId: string | null): CaptureOptions {
  return {
    pipeline: parsePipeline(place.pipeline),
    sourceUrl: place.environment.BENCH_SOURCE_URL,
    brokers: [place.kafka],
    producer: place.producer,
    logId,
    log: warnings,
  };
}

export interface Log {
  readonly logId: string;
  /** The offset behind its last position record: a lane that has come here holds everything. */
  readonly until: string;
}

/** Slot, publication and topics, and then a log of everything that `write` writes and of what was there before. */
export async function captureAll(
  place: Place,
  { changes, write }: { changes: number; write: () => Promise<void> },
): Promise<Log> {
  const { logId } = await prepareCapture(captureOptionsAt(place, null));
  await write();
  await forwardChanges(place, logId, changes);
  return { logId, until: await endOf(place) };
}

/** One capture session until so many changes are acknowledged. */
async function forwardChanges(place: Place, logId: string, changes: number): Promise<void> {
  const session = await openCaptureSession(captureOptionsAt(place, logId));
  try {
    const done = new AbortController();
    await session.run({
      signal: done.signal,
      maxMs: Infinity,
      onProgress: (progress) => {
        const copied = Object.values(progress.copies).every((copy) => copy.done);
        if (copied && progress.changes >= changes) done.abort();
      },
    });
  } finally {
    await session.close();
  }
}

export async function endOf(place: Place): Promise<string> {
  const { log }: Pipeline = parsePipeline(place.pipeline);
  const kafka = createKafka({ brokers: [place.kafka], clientId: 'bench-end' });
  const last = await readLastPosition({ kafka, prefix: log.prefix });
  if (!last) throw new Error(`The log ${log.prefix} has no position record.`);
  return String(Number(last.offset) + 1);
}
