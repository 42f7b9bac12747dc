import { WorkflowFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { CommandFailure } from './outcome';

/**
 * A pipeline that was refused at its start still answers queries, with the status it had then: STARTING, for ever. So
 * whoever asks is told why it ended. Throws `CommandFailure` invalidConfig, or failed; resolves when it has not failed.
 */
export async function refuseFailed(client: Client, workflowId: string): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  const { status } = await handle.describe();
  if (status.name !== 'FAILED') return;
  const failure: unknown = await handle.result().catch((error: unknown) => error);
  const cause: unknown = failure instanceof WorkflowFailedError ? failure.cause : failure;
  const outcome = cause instanceof ApplicationFailure && cause.type === 'InvalidConfig' ? 'invalidConfig' : 'failed';
  const message = cause instanceof Error ? cause.message : String(cause);
  throw new CommandFailure(outcome, `${workflowId} has failed, and nothing runs. ${message}`);
}
