import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import type { Fault } from './problems';

/**
 * What a failed activity asks of the workflow. `cancelled`: we asked for it, and there is no progress. `final`: trying
 * again changes nothing, a person must act. `passing`: all attempts are used up, the breaker goes on trying.
 */
export type Failure =
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'final'; readonly fault: Fault }
  | { readonly kind: 'passing'; readonly fault: Fault };

/** The error types that no retry cures. */
const final: ReadonlySet<string> = new Set(['InvalidConfig', 'Blocked']);

export function describeFailure(error: unknown): Failure {
  if (isCancellation(error)) return { kind: 'cancelled' };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const what = error instanceof ActivityFailure ? error.activityType : 'the workflow';
  if (cause instanceof ApplicationFailure) {
    const type = cause.type ?? 'Error';
    const reason = reasonOf(cause.details);
    const fault = { type, message: cause.message, ...(reason === null ? {} : { reason }) };
    return { kind: final.has(type) ? 'final' : 'passing', fault };
  }
  if (cause instanceof TimeoutFailure) {
    return { kind: 'passing', fault: { type: 'Timeout', message: timeoutMessage(what, cause.timeoutType) } };
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return {
    kind: 'passing',
    fault: { type: cause instanceof Error ? cause.name : 'Error', message: `${what}: ${message}` },
  };
}

function timeoutMessage(activity: string, timeoutType: string | undefined): string {
  switch (timeoutType) {
    case 'HEARTBEAT':
      return `${activity} fell silent: its worker died, stood still or lost Temporal. It is tried again elsewhere.`;
    case 'SCHEDULE_TO_START':
      return `No worker took ${activity} in time. Is a worker running?`;
    default:
      return `${activity} took too long (${timeoutType ?? 'no reason given'}). It is tried again.`;
  }
}

function reasonOf(details: readonly unknown[] | null | undefined): string | null {
  const first = details?.[0];
  if (typeof first !== 'object' || first === null || !('reason' in first)) return null;
  return typeof first.reason === 'string' ? first.reason : null;
}
