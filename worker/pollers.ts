import { temporal } from '@temporalio/proto';
import type { NativeConnection } from '@temporalio/worker';

const { TASK_QUEUE_TYPE_ACTIVITY, TASK_QUEUE_TYPE_WORKFLOW } = temporal.api.enums.v1.TaskQueueType;

export interface PolledQueue {
  readonly name: string;
  readonly kind: 'workflow' | 'activity';
}

/** How long Temporal may take to answer before it counts as away. */
const patienceMs = 2_000;

/** The queues on which Temporal does not see `identity` polling. Throws when it does not answer in time. */
export async function unpolled(options: {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly identity: string;
  readonly queues: readonly PolledQueue[];
}): Promise<string[]> {
  const { connection, namespace, identity, queues } = options;
  const missing = await connection.withDeadline(Date.now() + patienceMs, () =>
    Promise.all(
      queues.map(async ({ name, kind }) => {
        const { pollers } = await connection.workflowService.describeTaskQueue({
          namespace,
          taskQueue: { name },
          taskQueueType: kind === 'workflow' ? TASK_QUEUE_TYPE_WORKFLOW : TASK_QUEUE_TYPE_ACTIVITY,
        });
        return (pollers ?? []).some((poller) => poller.identity === identity) ? [] : [`${name} (${kind})`];
      }),
    ),
  );
  return missing.flat();
}
