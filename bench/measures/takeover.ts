import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkerProcess } from '../../examples/shop/worker-process';
import type { PipelineFile } from '../../model/pipeline';
import type { Bench, Measure, Result } from '../measure';
import { openOperation } from '../operation';
import { median } from '../statistics';
import { startTraffic, type Traffic } from '../traffic';
import { untilSeen, watchIndex, watchReplica, type Watcher } from '../watchers';

const perSecond = 50;
/** Before the first kill: a refresh of Elasticsearch that was just started takes half a second (see `latency`). */
const warmUpSeconds = 60;
const profiles: readonly { readonly name: string; readonly slice: NonNullable<PipelineFile['slice']> }[] = [
  { name: 'normal profile', slice: { heartbeatSeconds: 10 } },
  { name: 'fast profile', slice: { heartbeatSeconds: 2 } },
];

export const takeover: Measure = {
  name: 'takeover',
  question: 'How long does a store stand still when its worker is killed with kill -9 and another one waits?',
  parts: ['postgres', 'kafka', 'elasticsearch', 'temporal'],
  async run(bench) {
    const results: Result[] = [];
    for (const profile of profiles) results.push(...(await ofProfile(bench, profile)));
    return results;
  },
};

type Store = 'PostgreSQL' | 'Elasticsearch';

async function ofProfile(
  { addresses, options, say }: Bench,
  { name, slice }: (typeof profiles)[number],
): Promise<Result[]> {
  const operation = await openOperation(addresses, { slice });
  try {
    say(`${name}: heartbeat ${slice.heartbeatSeconds} s`);
    let holder = await operation.startWorker();
    await operation.start();
    await operation.untilLive();
    const watchers = {
      PostgreSQL: watchReplica(operation.replicaUrl, operation.view),
      Elasticsearch: watchIndex(addresses.elasticsearch, operation.alias),
    };
    const traffic = startTraffic(operation.sourceUrl, { perSecond });
    const seconds: Record<Store, number[]> = { PostgreSQL: [], Elasticsearch: [] };
    await pause(warmUpSeconds * 1_000);
    for (let at = 0; at < options.runs; at += 1) {
      const waiting = await operation.startWorker();
      await untilSeen(watchers, traffic.committed.length, 60);
      const stood = await kill(holder, { traffic, watchers });
      for (const store of ['PostgreSQL', 'Elasticsearch'] as const) seconds[store].push(stood[store]);
      say(
        `run ${at + 1} of ${options.runs}: PostgreSQL ${stood.PostgreSQL.toFixed(1)} s, Elasticsearch ${stood.Elasticsearch.toFixed(1)} s`,
      );
      // The one that waited holds every slice now: nobody else was there.
      holder = waiting;
    }
    await traffic.stop();
    await untilSeen(watchers, traffic.committed.length, 60);
    await Promise.all(Object.values(watchers).map((watcher) => watcher.stop()));
    await operation.compare();
    return (['PostgreSQL', 'Elasticsearch'] as const).map((store) =>
      summary({ store, profile: name, heartbeat: slice.heartbeatSeconds ?? 10, seconds: seconds[store] }),
    );
  } finally {
    await operation.close();
  }
}

/** Seconds from the kill until the first row committed after it is visible: in order, so with all rows before it. */
async function kill(
  worker: WorkerProcess,
  { traffic, watchers }: { traffic: Traffic; watchers: Readonly<Record<Store, Watcher>> },
): Promise<Record<Store, number>> {
  const first = traffic.committed.length;
  const killed = performance.now();
  process.kill(worker.pid, 'SIGKILL');
  const deadline = killed + 120_000;
  for (;;) {
    const [replica, search] = [watchers.PostgreSQL.arrivals.at(first), watchers.Elasticsearch.arrivals.at(first)];
    if (replica !== undefined && search !== undefined) {
      return { PostgreSQL: (replica - killed) / 1_000, Elasticsearch: (search - killed) / 1_000 };
    }
    if (performance.now() > deadline) throw new Error('Two minutes after the kill nothing has come through.');
    await pause(20);
  }
}

function summary(input: { store: Store; profile: string; heartbeat: number; seconds: readonly number[] }): Result {
  const { store, profile, heartbeat, seconds } = input;
  return {
    measure: 'takeover',
    case: `${store}, ${profile}`,
    value: median(seconds),
    unit: 's',
    raw: heartbeat,
    rawIs: 'the heartbeat timeout: nobody may take a lane from a worker that was heard of more recently',
    ratio: heartbeat / median(seconds),
    runs: seconds.length,
    samples: { ours: seconds, raw: [heartbeat] },
    details: { 'longest, s': Math.max(...seconds) },
    workload: `${perSecond} commits a second; kill -9 of the worker that holds capture and both lanes, a second one running beside it; the first after ${warmUpSeconds} s`,
    compared: 'every row was seen, and all rows and documents equal the source afterwards',
  };
}
