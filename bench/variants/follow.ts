import { MockActivityEnvironment } from '@temporalio/testing';
import { followSlice } from '../../activities/follow-slice';
import { generationActivities } from '../../activities/generation';
import type { FollowSliceResult } from '../../activities/activities';
import type { Deps } from '../../activities/deps';
import { parsePipeline } from '../../model/pipeline';
import { depsAt, type Log, type Place } from '../log';
import type { Meter } from '../meter';

export interface FollowSpec {
  readonly place: Place;
  readonly log: Log;
  readonly store: string;
  /** The generation that this run builds. */
  readonly number: number;
  /** Changes of the log. */
  readonly changes: number;
}

/**
 * Log to store by the real lane path: the activity itself, with a worker's own dependencies, on a new generation that
 * counts as live (so the replica moves from commit to commit). The clock runs from the moment the consumer has joined,
 * when nothing has been fetched yet, until the store durably holds the log's last record.
 */
export async function follow({ place, log, store, number, changes }: FollowSpec, meter: Meter): Promise<number> {
  const deps = measured(depsAt(place), meter);
  const pipeline = parsePipeline(place.pipeline);
  const definition = pipeline.stores[store];
  if (!definition) throw new Error(`The pipeline has no store '${store}'.`);
  const { mappingHash } = await generationActivities(deps).prepareGeneration({
    ...{ pipeline, store, number, definition, logId: log.logId },
  });
  const environment = new MockActivityEnvironment({ heartbeatTimeoutMs: 10_000 });
  const { ended }: FollowSliceResult = await environment.run(() =>
    followSlice(deps, {
      pipeline: { ...pipeline, slice: { ...pipeline.slice, seconds: 600 } },
      store,
      generation: { number, definition, mappingHash, logId: log.logId },
      lane: 0,
      live: true,
      remembered: null,
      until: log.until,
    }),
  );
  meter.stop();
  await deps.laneSessions.close();
  if (ended !== 'until') throw new Error(`The slice ended by '${ended}' before the end of the log.`);
  return changes;
}

function measured(deps: Deps, meter: Meter): Deps {
  return {
    ...deps,
    openStore: (context) => {
      const store = deps.openStore(context);
      return {
        ...store,
        apply: (generation, batch, signal) => meter.within('store', () => store.apply(generation, batch, signal)),
      };
    },
    async openReader(options) {
      const reader = await deps.openReader(options);
      return {
        logId: reader.logId,
        async seek(next) {
          await reader.seek(next);
          meter.start();
        },
        next: (wanted) => meter.within('log', () => reader.next(wanted)),
        ahead: () => reader.ahead(),
        close: () => reader.close(),
      };
    },
  };
}
