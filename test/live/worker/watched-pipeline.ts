import { openScenario, type Scenario, type ScenarioOptions } from '../../support/scenario';
import { settle, untilLive } from '../../support/settle';
import { endWatched, startWatched, type WatchedWorker } from './watched-worker';

/** Longer than the worker's own bound: beyond that it would have said what hung, and not exited with 0. */
export const patience = 60;

/** A pipeline that is LIVE and has no worker: each test starts its own. */
export interface WatchedPipeline {
  readonly scenario: Scenario;
  /** A worker that has not been seen to do anything yet. */
  start(environment?: Readonly<Record<string, string>>): WatchedWorker;
  /** One that polls. */
  working(): Promise<WatchedWorker>;
  /** After each test: whatever it left running is gone. */
  endWorkers(): Promise<void>;
}

export async function openWatchedPipeline(options: ScenarioOptions): Promise<WatchedPipeline> {
  const scenario = await openScenario(options);
  const running: WatchedWorker[] = [];
  const pipeline: WatchedPipeline = {
    scenario,
    start(environment = {}) {
      const worker = startWatched({ environment: { ...scenario.environment, ...environment } });
      running.push(worker);
      return worker;
    },
    async working() {
      const worker = pipeline.start();
      await worker.line('worker is polling', 90);
      return worker;
    },
    async endWorkers() {
      await Promise.all(running.splice(0).map(endWatched));
    },
  };
  try {
    const worker = await pipeline.working();
    await scenario.startSync();
    await untilLive(scenario, 120);
    await settle(scenario, 60);
    await expectOrderlyEnd(worker);
    return pipeline;
  } catch (error) {
    // Nobody else knows of it yet.
    await pipeline.endWorkers();
    await scenario.close();
    throw error;
  }
}

/** SIGTERM: it ends by itself, in order, within its own bound, and says so last. */
export async function expectOrderlyEnd(worker: WatchedWorker): Promise<void> {
  worker.signal('SIGTERM');
  expect({ code: await worker.exit(patience), log: worker.evidence() }).toMatchObject({ code: 0 });
  expect(worker.lines.at(-1)?.message).toBe('worker has ended');
}
