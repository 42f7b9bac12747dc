import type { Client } from 'pg';
import type { Row } from '../model/change';
import type { Log } from '../model/log';
import { recordRules, wantsMessages, type Pipeline } from '../model/pipeline';
import type { SchemaVersion } from '../model/schema';
import { resourceNames, tableTopic } from '../model/names';
import type { ProducerKind } from '../model/settings';
import type { EnvelopeContext } from '../stream/envelope';
import { createKafka } from '../stream/kafka';
import { liveKeys, type LiveKeysOptions } from '../stream/live-keys';
import type { LogWriter, PositionRecord } from '../stream/log';
import { openLogWriter } from '../stream/log-writer';
import { readLastPosition } from '../stream/positions';
import { readSchemaVersions } from '../stream/schemas';
import { ensureTopics, writtenTopics } from '../stream/topics';
import { writtenKeys } from '../stream/written-keys';
import { readChunk, type Chunk, type ChunkRequest } from './copy/chunk';
import { judgeSlotHealth } from '../model/slot-health';
import { judgeSource } from './source/identity';
import { judgeTableChange } from './table-change';
import { createPending, type Pending } from './pending';
import { openReplication, type Replication } from './replication';
import { mustReadAgain, type Snapshot } from './copy/snapshot';
import { createStraight, type Straight } from './straight';

export interface CaptureOptions {
  readonly pipeline: Pipeline;
  /** The source's connection string, already resolved. Never logged. */
  readonly sourceUrl: string;
  readonly brokers: readonly string[];
  readonly producer: ProducerKind;
  /** The log this pipeline writes, as `prepareCapture` said; null before. */
  readonly logId: string | null;
  readonly log: Log;
  /** Told of each Kafka transaction that carried records, once it is acknowledged. */
  readonly onAppended?: (append: Appended) => void;
}

export interface Appended {
  readonly changes: number;
  /** Commit LSN of the position it ends at, decimal digits. */
  readonly lsn: string;
  readonly ms: number;
}

export type LiveKeysWatch = Pick<LiveKeysOptions, 'signal' | 'onAlive'>;

/**
 * Where capture meets the world, and the places where its guarantees hang on one call. Tests replace one of them, to
 * die there or to show what the guarantee is worth; production code has no switch for any.
 */
export interface CaptureParts {
  /** The stream's connection; to pause it is what bounds memory (Invariant 10). */
  readonly openReplication: (url: string) => Promise<Replication>;
  /** Takes the fence, then reads the last position record. */
  readonly openWriter: (
    options: CaptureOptions,
    log: { readonly logId: string; readonly systemId: string; readonly timeline: number },
  ) => Promise<LogWriter>;
  /** Without the fence. */
  readonly readLastPosition: (options: CaptureOptions) => Promise<PositionRecord | null>;
  /** The versions of tables that the log keeps, by id. */
  readonly readVersions: (options: CaptureOptions) => Promise<ReadonlyMap<string, SchemaVersion>>;
  readonly ensureTopics: (options: CaptureOptions) => Promise<void>;
  readonly judgeSource: typeof judgeSource;
  /** Asked every few seconds of a session, and of a slot that nobody reads. */
  readonly judgeSlotHealth: typeof judgeSlotHealth;
  readonly judgeTable: typeof judgeTableChange;
  /** Reports the LSN of a closed, acknowledged position record to the slot (Invariant 1). */
  readonly confirm: (replication: Replication, lsn: string) => void;
  readonly readChunk: (client: Client, request: ChunkRequest) => Promise<Chunk>;
  /** The keys that the log holds a row of this table for, in pages of bounded size. */
  readonly liveKeys: (options: CaptureOptions, table: string, watch: LiveKeysWatch) => AsyncIterable<readonly Row[]>;
  /** Keys under which the log may hold a row of this table, those of all its rows among them, in one pass over the topic. */
  readonly writtenKeys: (options: CaptureOptions, table: string, watch: LiveKeysWatch) => AsyncIterable<readonly Row[]>;
  /** What is captured and not yet appended, and which of it goes together. */
  readonly pending: () => Pending;
  /** What writes ordinary rows without decoding them. */
  readonly straight: (context: EnvelopeContext) => Straight;
  readonly mustReadAgain: (input: { readonly streamedXids: Iterable<number>; readonly snapshot: Snapshot }) => boolean;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

export const defaultCaptureParts: CaptureParts = {
  openReplication,
  openWriter: (options, { logId, systemId, timeline }) => {
    const { name, log } = options.pipeline;
    return openLogWriter({
      kafka: kafkaOf(options, 'writer'),
      prefix: log.prefix,
      transactionalId: resourceNames(name).transactionalId,
      logId,
      source: { systemId, timeline },
      topics: writtenTopicsOf(options.pipeline),
      maxMessageBytes: recordRules(options.pipeline).maxMessageBytes,
      producer: options.producer,
      log: options.log,
    });
  },
  readLastPosition: async (options) => {
    const last = await readLastPosition({
      kafka: kafkaOf(options, 'prepare'),
      prefix: options.pipeline.log.prefix,
    });
    return last?.record ?? null;
  },
  ensureTopics: async (options) => {
    const { log, source } = options.pipeline;
    const { maxMessageBytes } = recordRules(options.pipeline);
    const messages = wantsMessages(options.pipeline);
    await ensureTopics({
      kafka: kafkaOf(options, 'prepare'),
      tables: source.tables,
      messages,
      ...log,
      maxMessageBytes,
    });
  },
  readVersions: (options) =>
    readSchemaVersions({ kafka: kafkaOf(options, 'schemas'), prefix: options.pipeline.log.prefix }),
  judgeSource,
  judgeSlotHealth,
  judgeTable: judgeTableChange,
  confirm: (replication, lsn) => replication.confirm(lsn),
  readChunk,
  liveKeys: (options, table, watch) => readKeys(liveKeys, options, { table, ...watch }),
  writtenKeys: (options, table, watch) => readKeys(writtenKeys, options, { table, ...watch }),
  pending: createPending,
  straight: createStraight,
  mustReadAgain,
  now: () => Date.now(),
};

/** What capture of this pipeline writes to. */
export function writtenTopicsOf(pipeline: Pipeline): Record<string, number> {
  const { log, source } = pipeline;
  return writtenTopics({ ...log, tables: source.tables, messages: wantsMessages(pipeline) });
}

function kafkaOf({ brokers, pipeline, log }: CaptureOptions, purpose: string) {
  return createKafka({ brokers, clientId: `slipstream-${pipeline.name}-${purpose}`, log });
}

async function* readKeys(
  scan: typeof liveKeys,
  options: CaptureOptions,
  { table, ...watch }: LiveKeysWatch & { readonly table: string },
) {
  const topic = tableTopic(options.pipeline.log.prefix, table);
  for await (const keys of scan({ kafka: kafkaOf(options, 'keys'), topic, ...watch })) {
    yield keys.map((key) => JSON.parse(key.toString('utf8')) as Row);
  }
}
