import { performance } from 'node:perf_hooks';
import {
  defaultCaptureParts,
  lookAtSlot,
  openCaptureSession,
  prepareCapture,
  readTables,
  surveySource,
} from '../capture/session';
import { openRowReader } from '../capture/source/row-reader';
import type { Deps } from '../activities/deps';
import { Sessions } from '../activities/sessions';
import type { Observer } from '../activities/observer';
import type { Log } from '../model/log';
import { parkedTopic, parkedTransactionalId, privateTaskQueue, tableTopic } from '../model/names';
import { recordRules, type Pipeline } from '../model/pipeline';
import type { Transforms } from '../model/rules/transform';
import { resolveSecret, type Settings } from '../model/settings';
import { createKafka } from '../stream/kafka';
import { useFastConsumer } from '../stream/consumer/fast';
import { openLaneReader } from '../stream/lane-reader';
import { endParked } from '../stream/parked-end';
import { checkParkedTopic, hasParked, openParkedLog } from '../stream/parked-log';
import { readLastPosition } from '../stream/positions';
import { readSchemaVersions } from '../stream/schemas';
import { ensureParkedTopic } from '../stream/topics';
import { openStore } from '../stores/open';
import { createChecks } from './checks';

/** What `slipstream init` asks of a source and of the stores' adapters (docs/decisions/0008). Nothing is changed by it. */
export { takeInventory } from '../capture/source/inventory';
export { suggestTables } from '../stores/suggest';
/** What `slipstream plan` learns the columns' types with. */
export { readTables } from '../capture/session';
/** What `slipstream parked` reads. */
export { readParkedLines } from './parked-lines';
/** What `slipstream doctor` looks at servers with. */
export { examine } from './checks';

/** A session nobody claims for this long closes itself: its lane has moved to another worker. */
const sessionIdleMs = 10_000;

/** The real world for activities. Tests take this object and replace single functions of it. */
export function createDeps(input: {
  readonly settings: Settings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Unique per process start. */
  readonly workerId: string;
  readonly log: Log;
  readonly observer: Observer;
  readonly transforms?: Transforms;
}): Deps {
  const { settings, environment, workerId, log, observer, transforms = {} } = input;
  const closing = (error: unknown) => log('warn', 'a session did not close cleanly', { error });
  const kafka = (clientId: string) => createKafka({ brokers: settings.kafkaBrokers, clientId, log });
  return {
    settings,
    secret: (reference) => resolveSecret(reference, environment),
    privateTaskQueue: privateTaskQueue(settings.taskQueue, workerId),
    clock: () => performance.now(),
    now: () => Date.now(),
    log,
    observer,
    transforms,
    checks: createChecks(settings),
    readTables,
    surveyTables: surveySource,
    prepareCapture: (options) => prepareCapture(options, defaultCaptureParts),
    lookAtSlot: (options, before) => lookAtSlot(options, before),
    openCapture: (options) => openCaptureSession(options, defaultCaptureParts),
    openStore: (context) => openStore(context),
    async openReader({ pipeline, tables, logId, clientId }) {
      if (settings.consumer === 'fast') await useFastConsumer(log);
      return openLaneReader({
        kafka: kafka(clientId),
        prefix: pipeline.log.prefix,
        topics: topicsOf(pipeline, tables),
        logId,
        windowMs: pipeline.log.windowDays * 86_400_000,
        clientId,
      });
    },
    hasParked: (pipeline, store) =>
      hasParked(kafka(`slipstream-${pipeline.name}-parked`), parkedTopic(pipeline.log.prefix, store)),
    async openParkedLog({ pipeline, lane, logId, index, end }) {
      const { prefix } = pipeline.log;
      const client = kafka(`slipstream-${pipeline.name}-${lane.store}-parked`);
      const { maxMessageBytes } = recordRules(pipeline);
      // Before the topic is made: an empty one in the place of one that held records would let later changes overtake them.
      await checkParkedTopic(client, parkedTopic(prefix, lane.store), Math.max(end, index.passed));
      const topic = await ensureParkedTopic({ kafka: client, ...pipeline.log, maxMessageBytes, store: lane.store });
      const transactionalId = parkedTransactionalId(prefix, lane);
      return openParkedLog({ kafka: client, topic, transactionalId, generation: lane.generation, logId, index });
    },
    endParked: (pipeline, store, keep) => {
      const { prefix } = pipeline.log;
      return endParked({
        kafka: kafka(`slipstream-${pipeline.name}-${store}-parked`),
        topic: parkedTopic(prefix, store),
        transactionalId: (generation) => parkedTransactionalId(prefix, { store, generation, lane: 0 }),
        keep,
      });
    },
    openRowReader,
    readVersions: (pipeline) =>
      readSchemaVersions({ kafka: kafka(`slipstream-${pipeline.name}-schemas`), prefix: pipeline.log.prefix }),
    readLastPosition: (pipeline) =>
      readLastPosition({ kafka: kafka(`slipstream-${pipeline.name}-end`), prefix: pipeline.log.prefix }),
    captureSessions: new Sessions(sessionIdleMs, closing),
    laneSessions: new Sessions(sessionIdleMs, closing),
  };
}

/** Topic → partition count. */
function topicsOf(pipeline: Pipeline, tables: readonly string[]): Record<string, number> {
  return Object.fromEntries(tables.map((table) => [tableTopic(pipeline.log.prefix, table), pipeline.log.partitions]));
}
