import {
  QueryNotRegisteredError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  isGrpcCancelledError,
  isGrpcDeadlineError,
  isGrpcServiceError,
} from '@temporalio/client';
import { Unavailable } from '../model/errors';
import { syncWorkflowId } from '../model/names';
import { CommandFailure } from './outcome';

/** gRPC's own numbers. */
const grpc = { failedPrecondition: 9, unavailable: 14 } as const;

/**
 * What an error of Temporal's client means for one pipeline, in words that say what to type next. Anything we do not
 * know is handed back as it is.
 */
export function translated(error: unknown, pipeline: string, taskQueue: string): unknown {
  const id = syncWorkflowId(pipeline);
  if (error instanceof WorkflowNotFoundError) {
    return new CommandFailure(
      'notFound',
      `No pipeline '${pipeline}' is running: there is no open workflow ${id} here. Start it with: slipstream start <pipeline.json>`,
    );
  }
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return new CommandFailure(
      'alreadyRuns',
      `Pipeline '${pipeline}' runs already, and nothing was changed. See it with: slipstream status ${pipeline}`,
    );
  }
  if (error instanceof QueryNotRegisteredError) {
    return new CommandFailure('notFound', `${id} is not a workflow of Slipstream's: it does not answer to 'status'.`);
  }
  // Queries are answered by a worker: without one the server waits, or knows at once that nobody polls. Our deadline
  // comes back as "cancelled" now and then.
  if (isGrpcDeadlineError(error) || isGrpcCancelledError(error) || codeOf(error) === grpc.failedPrecondition) {
    return new Unavailable(
      `No worker answers for ${id} on task queue ${taskQueue}. Start one with: npm run worker (its state is safe and goes on from there)`,
    );
  }
  if (codeOf(error) === grpc.unavailable) {
    return new Unavailable('Temporal stopped answering. Start it again, or set TEMPORAL_ADDRESS to where it is.');
  }
  return error;
}

function codeOf(error: unknown): number | null {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof Error && error.cause !== undefined ? codeOf(error.cause) : null;
}
