import { prepareCapture } from '../../capture/session';
import { resourceNames } from '../../model/names';
import { alternate, compared } from '../alternate';
import { foldLog } from '../fold';
import { captureOptionsAt, endOf, placeOf, type Log, type Place } from '../log';
import type { Bench, Measure, Result } from '../measure';
import { freshName, pipelineFile } from '../pipeline';
import { openRunner, type Runner } from '../runner';
import { dropSlot } from '../slots';
import { checkpoint, createSource, dropDatabase, fillTable } from '../source';
import { median, medianRatio } from '../statistics';
import { deleteTopics } from '../topics';
import { assertEqual, readRowsAsDocuments, type Contents } from '../truth';
import type { CaptureSpec } from '../variants/capture';
import type { BothEndsSpec } from '../variants/both-ends';
import type { CopyOutSpec } from '../variants/copy-out';
import type { RawProduceSpec } from '../variants/raw-produce';
import { runProduce } from './capture';

const defaultRows = 200_000;

export const copy: Measure = {
  name: 'copy',
  question: 'How fast do the rows that are there already come to the log?',
  parts: ['postgres', 'kafka'],
  async run(bench) {
    const { addresses, options, say } = bench;
    const rows = options.changes ?? defaultRows;
    const name = freshName();
    const url = await createSource(addresses.postgres, `${name}_source`);
    const runners = {
      ours: openRunner('capture', options),
      produce: openRunner('rawProduce', options),
      copyOut: openRunner('copyOut', options),
      bothEnds: openRunner('bothEnds', options),
    };
    try {
      say(`filling ${rows} rows`);
      await fillTable(url, { rows, seed: options.seed });
      const source = { name, url, changes: rows, expected: await readRowsAsDocuments(url) };
      const copyOutSpec: CopyOutSpec = { url, rows };
      /** The same two at one time, in one process. */
      const bothEnds: Pick<Runner, 'run'> = {
        run: (produce) =>
          runners.bothEnds.run({ copyOut: copyOutSpec, produce: produce as RawProduceSpec } satisfies BothEndsSpec),
      };
      let model: { place: Place; log: Log } | null = null;
      const sides = {
        ours: {
          async run() {
            const made = await runOurs(bench, source, runners.ours);
            model ??= made;
            return made.reading;
          },
        },
        copyOut: { run: () => runners.copyOut.run(copyOutSpec) },
        produce: {
          async run() {
            model ??= await runOurs(bench, source, runners.ours);
            return runProduce(bench, source, { runner: runners.produce, ...model });
          },
        },
        bothEnds: {
          async run() {
            model ??= await runOurs(bench, source, runners.ours);
            return runProduce(bench, source, { runner: bothEnds, ...model });
          },
        },
      };
      const sided = await alternate(sides, options.runs, say);
      const { ours, produce, copyOut } = sided;
      const result: Result = {
        ...compared(ours, produce),
        measure: 'copy',
        case: 'one table',
        unit: 'rows/s',
        rawIs: 'the same records produced by the same producer, 4 sends under way, without transactions',
        details: {
          'COPY to stdout alone, rows/s': median(copyOut.rates),
          'COPY to stdout and produce at one time, rows/s': median(sided.bothEnds.rates),
          'share of both at one time': medianRatio(ours.rates, sided.bothEnds.rates),
        },
        workload: `${rows} rows of one table, in chunks of 5,000 by key, nobody else writing`,
        compared: 'the fold of each log with the source, by digest',
      };
      return [result];
    } finally {
      await Promise.all(Object.values(runners).map((runner) => runner.close()));
      await deleteTopics(addresses.kafka, name);
      await dropDatabase(addresses.postgres, url);
    }
  },
};

let runs = 0;

async function runOurs(
  { addresses }: Bench,
  { name, url, changes, expected }: { name: string; url: string; changes: number; expected: Contents },
  runner: Runner,
) {
  runs += 1;
  const pipeline = `${name}r${runs}`;
  const place = placeOf(addresses, pipelineFile(pipeline), { source: url });
  const { logId } = await prepareCapture(captureOptionsAt(place, null));
  await checkpoint(addresses.postgres);
  const reading = await runner.run({ place, logId, changes } satisfies CaptureSpec);
  await dropSlot(url, resourceNames(pipeline).slot);
  const log = { logId, until: await endOf(place) };
  const { rows, digest } = await foldLog(place, log);
  assertEqual('The fold of the log', expected, { rows, digest });
  return { reading, place, log };
}
