import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

export interface RecordedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly status: string;
  readonly events: readonly temporal.api.history.v1.IHistoryEvent[];
}

/** Every run of every workflow in the namespace, those that continued as new included. */
export async function readHistories(client: Client): Promise<RecordedRun[]> {
  const runs: RecordedRun[] = [];
  for await (const { workflowId, runId, status } of client.workflow.list()) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    runs.push({ workflowId, runId, status: status.name, events: events ?? [] });
  }
  return runs;
}

/** Where a text occurs in an event, payloads decoded: `workflowId event 12`. Empty is what Invariant 6 asks for. */
export function findInHistories(runs: readonly RecordedRun[], text: string): string[] {
  return runs.flatMap(({ workflowId, events }) =>
    events.filter((event) => holds(event, text)).map((event) => `${workflowId} event ${String(event.eventId)}`),
  );
}

function holds(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value.includes(text);
  if (value instanceof Uint8Array) return Buffer.from(value).includes(text);
  if (value === null || typeof value !== 'object') return false;
  return Object.values(value).some((part) => holds(part, text));
}

/** As Temporal numbers the kinds of time-outs. */
const scheduleToStart = 2;

/** Attempts that failed or timed out, in words. Empty after an orderly takeover. */
export function failedAttempts(runs: readonly RecordedRun[]): string[] {
  return runs.flatMap(({ workflowId, events }) =>
    events.flatMap((event) => {
      const id = `${workflowId} event ${String(event.eventId)}`;
      const started = event.activityTaskStartedEventAttributes;
      if (started && (started.attempt ?? 1) > 1) {
        return [`${id}: attempt ${started.attempt} after ${started.lastFailure?.message ?? 'a failure'}`];
      }
      const failure =
        event.activityTaskFailedEventAttributes?.failure ?? event.activityTaskTimedOutEventAttributes?.failure;
      // Nobody began it: a worker that is too busy to take its own next slice in time leaves it to any other.
      if (Number(failure?.timeoutFailureInfo?.timeoutType) === scheduleToStart) return [];
      return failure ? [`${id}: ${failure.message}`] : [];
    }),
  );
}

/** Failed attempts of activities that run now: history has them only once they end. */
export async function pendingFailures(client: Client, workflowIds: readonly string[]): Promise<string[]> {
  const failures: string[] = [];
  for (const workflowId of workflowIds) {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    for (const { activityType, attempt, lastFailure } of raw.pendingActivities ?? []) {
      if ((attempt ?? 1) > 1) failures.push(`${workflowId} ${activityType?.name}: ${lastFailure?.message}`);
    }
  }
  return failures;
}
