import { randomUUID } from 'node:crypto';
import { resourceNames, tableTopic } from '../../model/names';
import { parsePipeline } from '../../model/pipeline';
import { foldLog } from '../fold';
import { endOf, placeOf } from '../log';
import type { Bench, Result } from '../measure';
import { freshName, pipelineFile } from '../pipeline';
import { openRunner } from '../runner';
import { beginLog, copySlot, holdPlace, publication } from '../slots';
import { createSource, dropDatabase, table } from '../source';
import { median, percentile } from '../statistics';
import { deleteTopics } from '../topics';
import { startTraffic } from '../traffic';
import { assertEqual, readRowsAsDocuments } from '../truth';
import type { CaptureSpec } from '../variants/capture';
import { untilSeen, watchLog, watchStream } from '../watchers';

const perSecond = 500;
const runSeconds = 10;
/** Before the first run: code is compiled on both sides. */
const warmUpSeconds = 5;

/** From the commit's answer until a `read_committed` reader of the log has the change: capture alone, no store. */
export async function logLatency({ addresses, options, say }: Bench): Promise<readonly Result[]> {
  const name = freshName();
  const url = await createSource(addresses.postgres, `${name}_source`);
  const runner = openRunner('capture', options);
  try {
    const lsn = await holdPlace(url, `${name}_bare`);
    const place = placeOf(addresses, pipelineFile(name, { publication }), { source: url });
    const logId = randomUUID();
    await copySlot(url, `${name}_bare`, resourceNames(name).slot);
    await beginLog(place, { logId, lsn });
    const { log } = parsePipeline(place.pipeline);
    const watchers = {
      stream: await watchStream(url, { slot: `${name}_bare`, startLsn: lsn }),
      log: await watchLog(addresses.kafka, { topic: tableTopic(log.prefix, table), partitions: log.partitions }),
    };
    const seconds = warmUpSeconds + options.runs * runSeconds;
    const changes = seconds * perSecond;
    say(`${perSecond} commits a second, ${seconds} s`);
    const capturing = runner.run({ place, logId, changes } satisfies CaptureSpec);
    // The clock of commits begins once the session is open: the first row has come through.
    const opening = startTraffic(url, { perSecond, rows: 1 });
    await untilSeen(watchers, 1, 60);
    await opening.stop();
    const traffic = startTraffic(url, { perSecond, first: 1, rows: changes });
    const reading = await capturing;
    await traffic.stop();
    await untilSeen(watchers, changes, 30);
    await Promise.all(Object.values(watchers).map((watcher) => watcher.stop()));
    const { records, ...found } = await foldLog(place, { logId, until: await endOf(place) });
    assertEqual('The fold of the log', await readRowsAsDocuments(url), found);
    if (records !== changes) throw new Error(`The log has ${records} records of ${changes} changes.`);
    const from = warmUpSeconds * perSecond;
    const ours = watchers.log.arrivals.delays(traffic.committed, from, changes);
    const bare = watchers.stream.arrivals.delays(traffic.committed, from, changes);
    const size = runSeconds * perSecond;
    return [0.99, 0.5].map((share): Result => {
      const parts = Array.from({ length: options.runs }, (_, at) =>
        percentile(ours.slice(at * size, (at + 1) * size), share),
      );
      return {
        measure: 'latency',
        case: `log at ${perSecond}/s, p${share * 100}`,
        value: percentile(ours, share),
        unit: 'ms',
        raw: percentile(bare, share),
        rawIs: 'the commit coming out of a bare reader of the replication stream, beside ours',
        ratio: percentile(bare, share) / percentile(ours, share),
        runs: options.runs,
        samples: { ours: parts, raw: [percentile(bare, share)] },
        details: {
          'max, ms': Math.max(...ours),
          'median of the runs, ms': median(parts),
          'latest commit sent late by, ms': traffic.latestMs(),
          'capture: CPU, % of a core': (reading.cpuSeconds / reading.seconds) * 100,
        },
        workload: `${options.runs * size} inserts of one row each, ${perSecond} commits a second at fixed times, capture alone`,
        compared: 'the fold of the log with the source, by digest, and the count',
      };
    });
  } finally {
    await runner.close();
    await deleteTopics(addresses.kafka, `${name}.`);
    await dropDatabase(addresses.postgres, url);
  }
}
