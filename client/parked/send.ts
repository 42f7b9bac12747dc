import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Unavailable } from '../../model/errors';
import { followWorkflowId, syncWorkflowId } from '../../model/names';
import { notParked } from '../../model/poison';
import { parkedSignal, parkedUpdate, type ParkedMessage } from '../../workflows/messages';
import { CommandFailure } from '../outcome';

/** Longer than the workflow itself waits for what becomes of an order. */
const answerMs = 20_000;

/**
 * An order about parked records, as an update of the store's own workflow, which says whether they are there. A store that does
 * not run is sent a signal through `sync`, which keeps it until it does. Throws `CommandFailure`; `Unavailable` without a worker.
 */
export async function sendParked(
  client: Client,
  pipeline: string,
  message: ParkedMessage & { readonly store: string },
): Promise<void> {
  const id = followWorkflowId(pipeline, message.store);
  try {
    await client.withDeadline(Date.now() + answerMs, () =>
      client.workflow.getHandle(id).executeUpdate(parkedUpdate, { args: [message] }),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      await client.workflow.getHandle(syncWorkflowId(pipeline)).signal(parkedSignal, message);
      return;
    }
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
      throw new Unavailable(
        `No worker has answered for ${id}. Start one with: npm run worker; then look at: slipstream parked list`,
      );
    }
    if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
    throw new CommandFailure(error.cause.type === notParked ? 'notFound' : 'failed', error.cause.message);
  }
}
