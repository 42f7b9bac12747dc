import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Worker, type NativeConnection } from '@temporalio/worker';
import { createActivities } from '../activities/index';
import type { Deps } from '../activities/deps';
import type { Log } from '../model/log';
import { slicesTaskQueue } from '../model/names';
import { checkTransforms } from '../model/rules/check-transforms';
import type { Transforms } from '../model/rules/transform';
import { parseSettings, type Settings } from '../model/settings';
import { patientActivations } from './activations';
import { workflowBundle } from './bundle';
import { checkNamespace, connectTemporal } from './connection';
import { createDeps } from './deps';
import { createLog } from './log';
import { createMetrics, type Metrics } from './metrics';
import { createObserver } from './observer';
import { unpolled, type PolledQueue } from './pollers';
import { registerSearchAttributes } from './search-attributes';
import { statusSamples } from './statuses';
import { watchUnderWay } from './under-way';

export interface SlipstreamWorker {
  /**
   * Polls until `shutdown`, or until Temporal fails it: then it rejects, once everything has ended. Slices that run end
   * with their progress. `onFailing` is told at once, while the rest still ends.
   */
  run(onFailing?: (error: unknown) => void): Promise<void>;
  /** The task queues on which Temporal does not see this worker polling. Throws when Temporal does not answer. */
  unpolled(): Promise<readonly string[]>;
  shutdown(): void;
  /** What keeps it from having ended, for people. */
  waitingFor(): readonly string[];
}

export type { RegisteredTransform, Transform, TransformContext, Transforms } from '../model/rules/transform';

export interface WorkerOptions {
  /** Functions that pipelines may name (docs/mapping.md). Throws `InvalidConfig` for one that is none. */
  readonly transforms?: Transforms;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Replaces parts of the real world; for tests. */
  readonly deps?: (real: Deps) => Deps;
  /** Default: JSON lines on stdout. */
  readonly log?: Log;
  /** Default: a registry of its own, which nobody scrapes. */
  readonly metrics?: Metrics;
  /** Gives up waiting for Temporal. */
  readonly signal?: AbortSignal;
}

/**
 * One worker process polls three task queues: workflows and short activities; slices from anywhere; and a private one,
 * to which the next slice comes back while this worker holds the open replication stream or consumer. Waits until
 * Temporal answers. Throws `InvalidConfig` for wrong settings, before anything is connected.
 */
export async function createWorker(options: WorkerOptions = {}): Promise<SlipstreamWorker> {
  const { environment = process.env, metrics = createMetrics(), signal = new AbortController().signal } = options;
  const settings = parseSettings(environment);
  const transforms = checkTransforms(options.transforms ?? {});
  const log = options.log ?? createLog(settings.logLevel);
  const underWay = watchUnderWay(createObserver({ log, metrics, now: () => Date.now() }), () => performance.now());
  const { observer } = underWay;
  const real = createDeps({ settings, environment, workerId: randomUUID(), log, observer, transforms });
  const deps = options.deps ? options.deps(real) : real;
  const connection = await connectTemporal({ settings, log, signal });
  await checkNamespace(connection, settings);
  await registerSearchAttributes(connection, settings.temporalNamespace);
  const polling = await createPolling(connection, settings, deps);
  const forget = metrics.collectFrom(() => statuses(connection, settings, log));

  let phase: string | null = null;
  const shutdown = () => {
    for (const worker of polling.workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  return {
    shutdown,
    unpolled: () =>
      unpolled({
        connection,
        namespace: settings.temporalNamespace,
        identity: polling.identity,
        queues: polling.queues,
      }),
    waitingFor: () => [
      ...underWay.list(),
      ...polling.workers
        .filter((worker) => worker.getState() !== 'STOPPED' && worker.getState() !== 'FAILED')
        .map(({ options: { taskQueue } }) => `Temporal's worker of ${taskQueue}`),
      ...(phase === null ? [] : [phase]),
    ],
    async run(onFailing = () => undefined) {
      // One that fails takes the others down: half a worker would hold lanes it cannot finish. All are waited for, or
      // their sessions would be closed under slices that still run.
      const one = async (worker: Worker) => {
        try {
          await worker.run();
        } catch (error) {
          onFailing(error);
          throw error;
        } finally {
          shutdown();
        }
      };
      const ends = await Promise.allSettled(polling.workers.map(one));
      forget();
      phase = 'sessions that are being closed';
      await Promise.all([deps.captureSessions.close(), deps.laneSessions.close()]);
      phase = 'the connection to Temporal';
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed) throw failed.reason;
      await connection.close();
      phase = null;
    },
  };
}

interface Polling {
  readonly workers: readonly Worker[];
  readonly queues: readonly PolledQueue[];
  /** How Temporal names this process among the pollers. */
  readonly identity: string;
}

async function createPolling(connection: NativeConnection, settings: Settings, deps: Deps): Promise<Polling> {
  const { captureSlice, followSlice, ...short } = createActivities(deps);
  const identity = `${process.pid}@${hostname()}`;
  const common = {
    connection,
    identity,
    namespace: settings.temporalNamespace,
    // Cancellation reaches a slice only with the answer to a heartbeat: at most this late.
    maxHeartbeatThrottleInterval: '1s',
    defaultHeartbeatThrottleInterval: '1s',
  } as const;
  const slices = {
    ...common,
    activities: { captureSlice, followSlice },
    maxConcurrentActivityTaskExecutions: settings.lanes,
  };
  const shared = slicesTaskQueue(settings.taskQueue);
  const workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue: settings.taskQueue,
      workflowBundle: await workflowBundle(),
      ...patientActivations,
      // Workflow tasks first go to the worker that remembers the workflow, and wait so long for one that has gone: at the
      // usual 10 s that was most of a takeover. One that is only busy loses a task to another, at a short replay's price.
      stickyQueueScheduleToStartTimeout: '1s',
      activities: { ...short },
    }),
    Worker.create({ ...slices, taskQueue: shared }),
    Worker.create({ ...slices, taskQueue: deps.privateTaskQueue }),
  ]);
  const queues: PolledQueue[] = [
    { name: settings.taskQueue, kind: 'workflow' },
    { name: settings.taskQueue, kind: 'activity' },
    { name: shared, kind: 'activity' },
    { name: deps.privateTaskQueue, kind: 'activity' },
  ];
  return { workers, queues, identity };
}

/** A scrape is answered without them when Temporal does not answer: a missing series is better than an old word. */
async function statuses(connection: NativeConnection, settings: Settings, log: Log) {
  const { temporalNamespace: namespace, taskQueue } = settings;
  try {
    return await statusSamples({ connection, namespace, taskQueue });
  } catch (error) {
    log('warn', 'statuses are missing from the metrics: Temporal does not answer', { error });
    return [];
  }
}
