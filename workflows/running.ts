import { CancellationScope, condition, isCancellation, workflowInfo } from '@temporalio/workflow';

/** A run this long is due for its successor: replay costs 0.5-0.7 ms an event, and a failover replays all of them. */
export const defaultEventLimit = 2_000;
const longestRunMs = 30 * 60_000;

/** Asked at each activation, so it must depend on nothing but what history says. */
export function historyIsLong(eventLimit: number): boolean {
  const { historyLength, continueAsNewSuggested, runStartTime } = workflowInfo();
  return historyLength >= eventLimit || continueAsNewSuggested || Date.now() - runStartTime.getTime() >= longestRunMs;
}

/**
 * Runs `work` in a scope of its own, which is cancelled as soon as `unwanted()` holds. A slice then returns its progress;
 * what cannot, ends in a CancelledFailure.
 */
export async function whileWanted<Result>(unwanted: () => boolean, work: () => Promise<Result>): Promise<Result> {
  const working = new CancellationScope();
  const watching = new CancellationScope();
  const watch = watching
    .run(() => condition(unwanted))
    .then(() => working.cancel())
    .catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  try {
    return await working.run(work);
  } finally {
    watching.cancel();
    await watch;
  }
}

/**
 * Runs a workflow's body so that `temporal workflow cancel` means the same as `stop`: slices return their progress and
 * everything ends in order. Cancelling the body itself would cut off the very activities that save the progress.
 */
export function cancelMeansStop<Result>(stop: () => void, body: () => Promise<Result>): Promise<Result> {
  void CancellationScope.current().cancelRequested.catch(stop);
  return CancellationScope.nonCancellable(body);
}
