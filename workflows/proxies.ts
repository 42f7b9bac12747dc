import { ActivityCancellationType, proxyActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../activities/activities';
import { slicesTaskQueue } from '../model/names';
import type { Pipeline } from '../model/pipeline';
import { describeFailure } from './failures';

/** Temporal retries, with patience for a restart; then the workflow's breaker takes over. */
const retry = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '15s', maximumAttempts: 4 } as const;

/**
 * Said explicitly, since unset means that `cancel()` returns at once while the activity still runs: its progress would
 * be lost, and its successor would run beside it.
 */
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

/** They beat every second: a worker that died is noticed long before their time is up. */
const heartbeatTimeout = '10s';

/** Short and repeatable. */
export const short = proxyActivities<Activities>({
  startToCloseTimeout: '30s',
  heartbeatTimeout,
  retry,
  cancellationType,
});

/** What is asked again anyway, a minute later: one attempt, and nobody waits long for it. */
export const glance = proxyActivities<Activities>({
  startToCloseTimeout: '15s',
  heartbeatTimeout,
  retry: { maximumAttempts: 1 },
  cancellationType,
});

/** For what another workflow is about to bring about: about a minute of asking before it counts as trouble. */
export const patient = proxyActivities<Activities>({
  startToCloseTimeout: '30s',
  heartbeatTimeout,
  retry: { initialInterval: '500ms', backoffCoefficient: 1.5, maximumInterval: '3s', maximumAttempts: 24 },
  cancellationType,
});

/**
 * Bounded by their heartbeat rather than by a clock. Decoding again behind one old open transaction can take longer than
 * any fixed limit, and so can one large transaction that a replica applies in one piece: cut off by a clock, each would
 * begin anew, for ever. A slice that is not held up ends by itself.
 */
export const slices = proxyActivities<Activities>({ startToCloseTimeout: '24h', retry, cancellationType });

/**
 * Seconds a slice waits for the worker that holds its warm session. No longer than for a heartbeat: who wants a take-over
 * within two seconds would wait five of them for a worker that died between two slices.
 */
const warmSeconds = 5;

/**
 * Runs a slice on the worker that ran the last one, whose replication stream or consumer is still open; else on any.
 *
 * The private queue gets one attempt: nobody else listens to it, so the retries of a slice whose worker has died would
 * each wait there in vain. What failed there has lost its warm session anyway and loses nothing by moving.
 */
export async function onWarmWorker<Result>(input: {
  readonly warmQueue: string | null;
  readonly pipeline: Pipeline;
  readonly summary: string;
  readonly run: (options: ActivityOptions) => Promise<Result>;
}): Promise<Result> {
  const { warmQueue, pipeline, summary, run } = input;
  const heartbeatTimeout = `${pipeline.slice.heartbeatSeconds}s` as const;
  if (warmQueue !== null) {
    try {
      const once = { ...retry, maximumAttempts: 1 };
      return await run({
        summary,
        heartbeatTimeout,
        taskQueue: warmQueue,
        scheduleToStartTimeout: `${Math.min(warmSeconds, pipeline.slice.heartbeatSeconds)}s`,
        retry: once,
      });
    } catch (error) {
      if (describeFailure(error).kind !== 'passing') throw error;
    }
  }
  return run({ summary, heartbeatTimeout, taskQueue: slicesTaskQueue(workflowInfo().taskQueue) });
}
