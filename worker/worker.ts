import { randomUUID } from 'node:crypto';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index';
import type { Deps } from '../activities/deps';
import { Unavailable } from '../model/errors';
import { slicesTaskQueue } from '../model/names';
import { parseSettings, type Settings } from '../model/settings';
import { workflowBundle } from './bundle';
import { createDeps } from './deps';
import { registerSearchAttributes } from './search-attributes';
import { log } from './telemetry';

export interface SlipstreamWorker {
  /** Polls until `shutdown`, or until Temporal fails it. Slices that run end with their progress. */
  run(): Promise<void>;
  /** Polling all three task queues. */
  readonly ready: boolean;
  shutdown(): void;
}

export interface WorkerOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Replaces parts of the real world; for tests. */
  readonly deps?: (real: Deps) => Deps;
}

/**
 * One worker process polls three task queues: workflows and short activities; slices from anywhere; and a private one,
 * to which the next slice comes back while this worker holds the open replication stream or consumer.
 */
export async function createWorker(options: WorkerOptions = {}): Promise<SlipstreamWorker> {
  const environment = options.environment ?? process.env;
  const settings = parseSettings(environment);
  const real = createDeps({ settings, environment, workerId: randomUUID(), log });
  const deps = options.deps ? options.deps(real) : real;
  const connection = await connect(settings);
  await registerSearchAttributes(connection, settings.temporalNamespace);

  const { captureSlice, followSlice, ...short } = createActivities(deps);
  const common = {
    connection,
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
  const workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue: settings.taskQueue,
      workflowBundle: await workflowBundle(),
      activities: { ...short },
    }),
    Worker.create({ ...slices, taskQueue: slicesTaskQueue(settings.taskQueue) }),
    Worker.create({ ...slices, taskQueue: deps.privateTaskQueue }),
  ]);
  const shutdown = () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  return {
    get ready() {
      return workers.every((worker) => worker.getState() === 'RUNNING');
    },
    shutdown,
    async run() {
      try {
        // One that fails takes the others down: half a worker would hold lanes it cannot finish.
        await Promise.all(workers.map((worker) => worker.run().finally(shutdown)));
      } finally {
        await Promise.all([deps.captureSessions.close(), deps.laneSessions.close()]);
        await connection.close();
      }
    },
  };
}

async function connect(settings: Settings): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect({ address: settings.temporalAddress });
  } catch {
    throw new Unavailable(
      `Temporal does not answer at ${settings.temporalAddress}; start it, or set TEMPORAL_ADDRESS to where it is.`,
    );
  }
}
