import { setTimeout as pause } from 'node:timers/promises';
import type { Bench, Measure, Result } from '../measure';
import { openOperation } from '../operation';
import { logLatency } from './log-latency';
import { costOf } from '../process-cost';
import { holdPlace } from '../slots';
import { median, percentile } from '../statistics';
import { startTraffic, type Traffic } from '../traffic';
import { untilSeen, watchIndex, watchReplica, watchStream, type Watcher } from '../watchers';

const perSecond = 200;
/** One run; five of them are more than a minute. */
const defaultChanges = 15 * perSecond;
/**
 * Before the first run that counts. Elasticsearch's refresh takes half a second on a JVM that was just started and 70 ms
 * once its hot paths are compiled, and a refresh begins an interval after the last one's end: for its first two minutes on
 * two cores, it is the server's warming up that would be measured.
 */
const warmUpSeconds = 150;
/** The beginning of it, once sessions are open: told beside the figures, since a server is also restarted. */
const cold = { from: 10 * perSecond, to: 25 * perSecond };
/** What promoted generations are set to, milliseconds. */
const refreshMs = 1_000;

export const latency: Measure = {
  name: 'latency',
  question: `How long after its commit is a row visible in each store, at ${perSecond} commits a second?`,
  parts: ['postgres', 'kafka', 'elasticsearch', 'temporal'],
  async run(bench) {
    return [...(await storeLatency(bench)), ...(await logLatency(bench))];
  },
};

async function storeLatency({ addresses, options, say }: Bench): Promise<readonly Result[]> {
  const operation = await openOperation(addresses);
  try {
    say(`starting a worker and the pipeline; ${warmUpSeconds} s to warm up`);
    const worker = await operation.startWorker();
    await operation.start();
    await operation.untilLive();
    const { sourceUrl, replicaUrl, view, alias, name } = operation;
    const startLsn = await holdPlace(sourceUrl, `${name}_bare`);
    const watchers = {
      stream: await watchStream(sourceUrl, { slot: `${name}_bare`, startLsn }),
      replica: watchReplica(replicaUrl, view),
      search: watchIndex(addresses.elasticsearch, alias),
    };
    const runSeconds = (options.changes ?? defaultChanges) / perSecond;
    const traffic = startTraffic(sourceUrl, { perSecond });
    await pause(warmUpSeconds * 1_000);
    const before = costOf(worker.pid);
    const from = traffic.committed.length;
    for (let at = 0; at < options.runs; at += 1) {
      await pause(runSeconds * 1_000);
      say(`run ${at + 1} of ${options.runs}: ${traffic.committed.length} rows committed`);
    }
    const to = traffic.committed.length;
    const after = costOf(worker.pid);
    await traffic.stop();
    await untilSeen(watchers, traffic.committed.length, 30);
    await Promise.all(Object.values(watchers).map((watcher) => watcher.stop()));
    await operation.compare();
    const seconds = options.runs * runSeconds;
    const shares: Record<string, number> =
      before && after
        ? {
            'worker: CPU, % of a core': ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100,
            'worker: peak memory, MiB': after.peakRssMiB,
          }
        : {};
    return summaries({ traffic, watchers, from, to, runs: options.runs, shares });
  } finally {
    await operation.close();
  }
}

interface Seen {
  readonly traffic: Traffic;
  readonly watchers: Readonly<Record<'stream' | 'replica' | 'search', Watcher>>;
  readonly from: number;
  readonly to: number;
  readonly runs: number;
  readonly shares: Readonly<Record<string, number>>;
}

function summaries(seen: Seen): Result[] {
  const { traffic, watchers, from, to } = seen;
  const delays = ({ arrivals }: Watcher) => arrivals.delays(traffic.committed, from, to);
  const stream = delays(watchers.stream);
  const replica = delays(watchers.replica);
  const search = delays(watchers.search);
  const whileCold = ({ arrivals }: Watcher, share: number) =>
    percentile(arrivals.delays(traffic.committed, cold.from, cold.to), share);
  const bare = (share: number) => percentile(stream, share);
  // Found at the next refresh, which is up to a whole interval away: every delay is as likely as the next.
  const atRefresh = (share: number) => refreshMs * share;
  const bareIs = 'the commit coming out of a bare reader of the replication stream, beside ours';
  const refreshIs = `a document written at the very commit and found at the next refresh, every ${refreshMs} ms (reckoned)`;
  return [
    ...[0.99, 0.5].map((share) =>
      one(seen, {
        ...{ store: 'PostgreSQL', delays: replica, share, raw: bare, rawIs: bareIs },
        coldMs: whileCold(watchers.replica, share),
      }),
    ),
    ...[0.99, 0.5].map((share) =>
      one(seen, {
        ...{ store: 'Elasticsearch', delays: search, share, raw: atRefresh, rawIs: refreshIs },
        coldMs: whileCold(watchers.search, share),
      }),
    ),
  ];
}

function one(
  { runs, from, to, traffic, shares }: Seen,
  input: {
    readonly store: string;
    readonly delays: number[];
    readonly share: number;
    readonly raw: (share: number) => number;
    readonly rawIs: string;
    readonly coldMs: number;
  },
): Result {
  const { store, delays, share, raw, rawIs, coldMs } = input;
  const value = percentile(delays, share);
  const size = Math.floor(delays.length / runs);
  const parts = Array.from({ length: runs }, (_, at) => percentile(delays.slice(at * size, (at + 1) * size), share));
  return {
    measure: 'latency',
    case: `${store}, p${share * 100}`,
    value,
    unit: 'ms',
    raw: raw(share),
    rawIs,
    ratio: raw(share) / value,
    runs,
    samples: { ours: parts, raw: [raw(share)] },
    details: {
      'max, ms': Math.max(...delays),
      'median of the runs, ms': median(parts),
      'ten seconds after the servers were first used, ms': coldMs,
      'latest commit sent late by, ms': traffic.latestMs(),
      ...shares,
    },
    workload: `${to - from} inserts of one row each, ${perSecond} commits a second at fixed times, both stores following in one worker; counted after ${warmUpSeconds} s of it`,
    compared: 'every row was seen, and all rows and documents equal the source afterwards',
  };
}
