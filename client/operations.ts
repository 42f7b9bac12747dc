import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { suggest } from '../model/did-you-mean';
import { captureWorkflowId, followWorkflowId, syncWorkflowId } from '../model/names';
import { parsePipeline } from '../model/pipeline';
import type { CaptureStatus, PipelineStatus, StoreStatus } from '../model/status';
import {
  copySignal,
  pauseSignal,
  rebuildSignal,
  resumeSignal,
  retrySignal,
  statusQuery,
  stopSignal,
  type CopyOrder,
  type ParkedMessage,
} from '../workflows/messages';
import { freshCapture, freshPipeline, freshStore } from './status/heartbeats';
import { refuseFailed } from './failed-start';
import { CommandFailure } from './outcome';
import { sendParked } from './parked/send';
import { translated } from './translate';

/** A query waits for a worker; one that has not answered by now is not there. */
const queryTimeoutMs = 5_000;

export interface Started {
  readonly pipeline: string;
  readonly workflowId: string;
  readonly runId: string;
}

/** How people and programs ask. Each call is one message, or one query, of `workflows/messages.ts`. */
export interface Operations {
  /** Checks the file, then starts `sync/<name>`. Throws InvalidConfig; CommandFailure alreadyRuns. */
  start(file: unknown): Promise<Started>;
  /** What the workflows know, made fresh by the heartbeats of slices under way. */
  status(pipeline: string): Promise<PipelineStatus>;
  /** `store`: its name, `capture`, or null for all of them. Resolves when the message is recorded, not when it has taken effect. */
  pause(pipeline: string, store: string | null): Promise<void>;
  resume(pipeline: string, store: string | null): Promise<void>;
  retry(pipeline: string, store: string | null): Promise<void>;
  rebuild(order: {
    readonly pipeline: string;
    readonly store: string;
    readonly reason: string;
    /** As the file has it; checked by the workflow against source and log. */
    readonly definition?: unknown;
  }): Promise<void>;
  copy(pipeline: string, order: CopyOrder): Promise<void>;
  /** Resolves when it has been obeyed, or will be. Throws CommandFailure notFound for a key, or a record, that is not parked. */
  parked(pipeline: string, message: ParkedMessage & { readonly store: string }): Promise<void>;
  stop(pipeline: string): Promise<void>;
}

export function createOperations(client: Client, taskQueue: string): Operations {
  const guarded = async <Result>(pipeline: string, call: () => Promise<Result>): Promise<Result> => {
    try {
      return await call();
    } catch (error) {
      throw translated(error, pipeline, taskQueue);
    }
  };
  const sync = (pipeline: string) => client.workflow.getHandle(syncWorkflowId(pipeline));
  const query = <Status>(workflowId: string): Promise<Status> =>
    client.withDeadline(Date.now() + queryTimeoutMs, () =>
      client.workflow.getHandle(workflowId).query<Status, []>(statusQuery.name),
    );

  const status = (pipeline: string): Promise<PipelineStatus> =>
    guarded(pipeline, async () => {
      const rolledUp = await query<PipelineStatus>(syncWorkflowId(pipeline));
      if (rolledUp.status === 'STARTING') await refuseFailed(client, syncWorkflowId(pipeline));
      const [capture, ...stores] = await Promise.all([
        freshest(captureWorkflowId(pipeline), rolledUp.capture, freshCapture),
        ...Object.entries(rolledUp.stores).map(async ([name, known]) => {
          return [name, await freshest(followWorkflowId(pipeline, name), known, freshStore)] as const;
        }),
      ]);
      return freshPipeline(rolledUp, { capture, stores: Object.fromEntries(stores) });
    });

  /** The child's own answer, else what `sync` knows of it: a child that has not begun or has ended is not an error. */
  const freshest = async <Status extends CaptureStatus | StoreStatus, Progress>(
    workflowId: string,
    known: Status,
    fresh: (status: Status, heartbeats: readonly Progress[]) => Status,
  ): Promise<Status> => {
    const [own, heartbeats] = await Promise.all([
      query<Status>(workflowId).catch(() => known),
      readHeartbeats<Progress>(client, workflowId).catch(() => []),
    ]);
    return fresh(own, heartbeats);
  };

  /** A message cannot be refused once it is recorded, so a store that does not exist is told apart before. */
  const checkStore = async (pipeline: string, store: string | null, storesOnly = false): Promise<void> => {
    if (store === null) return;
    const { stores } = await guarded(pipeline, () => query<PipelineStatus>(syncWorkflowId(pipeline)));
    if (store in stores || (store === 'capture' && !storesOnly)) return;
    const known = [...Object.keys(stores), ...(storesOnly ? [] : ['capture'])];
    throw new CommandFailure(
      'notFound',
      `Pipeline '${pipeline}' has no store '${store}'. ${suggest(store, known, `It has ${known.join(', ')}.`)}`,
    );
  };
  const checkTable = async (pipeline: string, table: string | undefined): Promise<void> => {
    if (table === undefined) return;
    const { capture } = await status(pipeline);
    const known = Object.keys(capture.progress?.copies ?? {});
    // Before capture has begun nobody here knows its tables; the workflow does, and says so in `errors`.
    if (known.length === 0 || known.includes(table)) return;
    const those = known.length > 20 ? `It captures ${known.length} tables.` : `It captures ${known.join(', ')}.`;
    throw new CommandFailure(
      'notFound',
      `Pipeline '${pipeline}' does not capture '${table}'. ${suggest(table, known, those)}`,
    );
  };
  const target = (store: string | null) => (store === null ? {} : { store });

  return {
    status,
    async start(file) {
      const { name } = parsePipeline(file);
      const workflowId = syncWorkflowId(name);
      // The file as written, not as parsed: the same input as the pinned line of the Temporal CLI gives.
      const options = { workflowId, taskQueue, args: [file] };
      const handle = await guarded(name, () => client.workflow.start('sync', options));
      return { pipeline: name, workflowId, runId: handle.firstExecutionRunId };
    },
    async pause(pipeline, store) {
      await checkStore(pipeline, store);
      await guarded(pipeline, () => sync(pipeline).signal(pauseSignal, target(store)));
    },
    async resume(pipeline, store) {
      await checkStore(pipeline, store);
      await guarded(pipeline, () => sync(pipeline).signal(resumeSignal, target(store)));
    },
    async retry(pipeline, store) {
      await checkStore(pipeline, store);
      await guarded(pipeline, () => sync(pipeline).signal(retrySignal, target(store)));
    },
    async rebuild({ pipeline, ...order }) {
      await checkStore(pipeline, order.store, true);
      await guarded(pipeline, () => sync(pipeline).signal(rebuildSignal, order));
    },
    async copy(pipeline, order) {
      await checkTable(pipeline, order.table);
      await guarded(pipeline, () => sync(pipeline).signal(copySignal, order));
    },
    async parked(pipeline, message) {
      await checkStore(pipeline, message.store, true);
      await guarded(pipeline, () => sendParked(client, pipeline, message));
    },
    async stop(pipeline) {
      await guarded(pipeline, () => sync(pipeline).signal(stopSignal));
    },
  };
}

async function readHeartbeats<Progress>(client: Client, workflowId: string): Promise<Progress[]> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  return (raw.pendingActivities ?? []).flatMap((activity) => {
    const [payload] = activity.heartbeatDetails?.payloads ?? [];
    if (!payload || !/^(capture|follow)Slice$/.test(activity.activityType?.name ?? '')) return [];
    const progress = defaultPayloadConverter.fromPayload<Progress | null>(payload);
    return progress === null ? [] : [progress];
  });
}
