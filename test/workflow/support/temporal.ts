import { randomBytes } from 'node:crypto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';
import { isGrpcServiceError, type WorkflowHandle } from '@temporalio/client';
import type { Activities } from '../../../activities/activities';
import {
  captureWorkflowId,
  followWorkflowId,
  privateTaskQueue,
  slicesTaskQueue,
  syncWorkflowId,
} from '../../../model/names';
import type { CaptureStatus, PipelineStatus, Problem, StatusName, StoreStatus } from '../../../model/status';
import { patientActivations } from '../../../worker/activations';
import { registerSearchAttributes } from '../../../worker/search-attributes';
import { waitFor } from '../../support/wait';
import { fakeActivities } from './fake-activities';
import { FakeWorld } from './fake-world';

/** gRPC's code for a workflow that was never started. */
const notFound = 5;

/** A Temporal server for one test file, with the workflows bundled once. */
export interface TemporalForTests {
  readonly environment: TestWorkflowEnvironment;
  readonly bundle: WorkflowBundle;
  close(): Promise<void>;
}

export async function openTemporal(): Promise<TemporalForTests> {
  const address = process.env.SLIPSTREAM_TEST_TEMPORAL;
  if (!address) throw new Error('SLIPSTREAM_TEST_TEMPORAL is not set: run `npm test`, or give it as host:port.');
  quietRuntime();
  const environment = await TestWorkflowEnvironment.createFromExistingServer({ address });
  await registerSearchAttributes(environment.nativeConnection, environment.namespace ?? 'default');
  return { environment, bundle: await bundleWorkflows(), close: () => environment.teardown() };
}

/** Once per process, before the first worker. */
export function quietRuntime(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
  });
}

export function bundleWorkflows(): Promise<WorkflowBundle> {
  return bundleWorkflowCode({
    workflowsPath: require.resolve('../../../workflows/index'),
    logger: new DefaultLogger('ERROR'),
  });
}

/** One worker: the three queues a real one polls. */
export interface FakeWorker {
  /** As SIGTERM: slices return their progress. */
  stop(): Promise<void>;
}

/** One pipeline in a world of its own, on task queues of its own. */
export class Scenario {
  readonly world: FakeWorld;
  readonly taskQueue: string;
  private readonly workers = new Set<FakeWorker>();
  private started = 0;

  constructor(
    private readonly temporal: TemporalForTests,
    world?: FakeWorld,
  ) {
    this.world = world ?? new FakeWorld(`w${randomBytes(5).toString('hex')}`);
    this.taskQueue = `test-${this.world.pipeline.name}`;
  }

  get name(): string {
    return this.world.pipeline.name;
  }

  get client() {
    return this.temporal.environment.client;
  }

  async startWorker(): Promise<FakeWorker> {
    this.started += 1;
    const privateQueue = privateTaskQueue(this.taskQueue, `worker-${this.started}`);
    const all: Activities = fakeActivities(this.world, privateQueue);
    const { captureSlice, followSlice, ...short } = all;
    const common = {
      connection: this.temporal.environment.nativeConnection,
      maxHeartbeatThrottleInterval: '20ms',
      defaultHeartbeatThrottleInterval: '20ms',
    } as const;
    const slices = { ...common, activities: { captureSlice, followSlice } };
    const workers = await Promise.all([
      Worker.create({
        ...common,
        taskQueue: this.taskQueue,
        workflowBundle: this.temporal.bundle,
        ...patientActivations,
        activities: { ...short },
      }),
      Worker.create({ ...slices, taskQueue: slicesTaskQueue(this.taskQueue) }),
      Worker.create({ ...slices, taskQueue: privateQueue }),
    ]);
    const running = Promise.all(workers.map((worker) => worker.run()));
    const worker: FakeWorker = {
      stop: async () => {
        if (!this.workers.delete(worker)) return;
        for (const each of workers) each.shutdown();
        await running;
      },
    };
    this.workers.add(worker);
    return worker;
  }

  start(type: string, workflowId: string, input: unknown): Promise<WorkflowHandle> {
    return this.client.workflow.start(type, { workflowId, taskQueue: this.taskQueue, args: [input] });
  }

  startSync(input: unknown = this.world.file): Promise<WorkflowHandle> {
    return this.start('sync', syncWorkflowId(this.name), input);
  }

  startCapture(state?: unknown): Promise<WorkflowHandle> {
    const { pipeline } = this.world;
    return this.start('capture', captureWorkflowId(this.name), { pipeline, ...(state ? { state } : {}) });
  }

  startFollow(store = 'search', state?: unknown): Promise<WorkflowHandle> {
    const { pipeline } = this.world;
    const input = { pipeline, store, ...(state ? { state } : {}) };
    return this.start('follow', followWorkflowId(this.name, store), input);
  }

  handle(part?: string): WorkflowHandle {
    const id = part === undefined ? syncWorkflowId(this.name) : followWorkflowId(this.name, part);
    return this.client.workflow.getHandle(id);
  }

  async storeStatus(until: StatusName | ((status: StoreStatus) => boolean), store = 'search'): Promise<StoreStatus> {
    return this.until(store, until);
  }

  async captureStatus(until: StatusName | ((status: CaptureStatus) => boolean)): Promise<CaptureStatus> {
    return this.until('capture', until);
  }

  async syncStatus(until: StatusName | ((status: PipelineStatus) => boolean)): Promise<PipelineStatus> {
    return this.until(undefined, until);
  }

  errors(part?: string): Promise<readonly Problem[]> {
    return this.handle(part).query<readonly Problem[]>('errors');
  }

  private until<Status extends { readonly status: StatusName }>(
    part: string | undefined,
    until: StatusName | ((status: Status) => boolean),
  ): Promise<Status> {
    return waitFor({
      what: `${part ?? 'sync'} to be ${typeof until === 'string' ? until : 'as expected'}`,
      seconds: 30,
      look: () => this.handle(part).query<Status>('status'),
      until: (status) => (typeof until === 'string' ? status.status === until : until(status)),
    });
  }

  /** Resolves when so many slices are under way. */
  async slices(count: number): Promise<void> {
    await waitFor({
      what: `${count} slices to be under way`,
      seconds: 20,
      look: async () => [...this.world.slices],
      until: ({ length }) => length === count,
    });
  }

  /** Resolves when readers have all there is. */
  async caughtUp(store = 'search'): Promise<void> {
    await waitFor({
      what: `the live lane of ${store} to reach the end of the log`,
      seconds: 20,
      look: async () => this.world.liveGeneration(store)?.at,
      until: (at) => at === this.world.end,
    });
  }

  /** Resolves when a workflow has been continued as new, from now on counted, until it had so many runs. */
  async runs(part: string, count: number): Promise<void> {
    const seen = new Set<string>();
    await waitFor({
      what: `${count} runs of ${part}`,
      seconds: 60,
      look: async () => seen.add((await this.handle(part).describe()).runId).size,
      until: (size) => size >= count,
    });
  }

  async stopWorkers(): Promise<void> {
    await Promise.all([...this.workers].map((worker) => worker.stop()));
  }

  /**
   * Ends what this scenario started, whatever state it is in. What has happened is then replayed from its beginning:
   * whatever a test is about, its workflows must be deterministic.
   */
  async close(): Promise<void> {
    const parts = [undefined, 'capture', ...Object.keys(this.world.pipeline.stores)];
    for (const part of parts) await this.handle(part).terminate('test is over').catch(ignore);
    await this.stopWorkers();
    const histories = await Promise.all(parts.map((part) => this.historyOf(part)));
    const replayed = Worker.runReplayHistories({ workflowBundle: this.temporal.bundle }, histories.flat());
    for await (const { error } of replayed) if (error) throw error;
  }

  private async historyOf(part: string | undefined) {
    const handle = this.handle(part);
    try {
      return [{ workflowId: handle.workflowId, history: await handle.fetchHistory() }];
    } catch (error) {
      if (isGrpcServiceError(error) && Number(error.code) === notFound) return [];
      throw error;
    }
  }
}

function ignore(): void {
  // It was never started, or has ended.
}
