import { randomUUID } from 'node:crypto';
import { resourceNames } from '../../model/names';
import type { ProducerKind } from '../../model/settings';
import { alternate, compared } from '../alternate';
import { foldLog } from '../fold';
import { endOf, placeOf, type Log, type Place } from '../log';
import type { Bench, Measure, Result } from '../measure';
import { freshName, pipelineFile } from '../pipeline';
import { openRunner, type Runner } from '../runner';
import { beginLog, copySlot, dropSlot, holdPlace, publication } from '../slots';
import { checkpoint, createSource, dropDatabase, writeBacklog } from '../source';
import { median, medianRatio } from '../statistics';
import { countRecords, createTopic, deleteTopics } from '../topics';
import { assertEqual, readRowsAsDocuments, type Contents } from '../truth';
import type { CaptureSpec } from '../variants/capture';
import type { RawProduceSpec } from '../variants/raw-produce';
import type { RawStreamSpec } from '../variants/raw-stream';

const defaultChanges = 200_000;
interface Case {
  readonly perTransaction: number;
  /** Of both sides. */
  readonly producer: ProducerKind;
}

/** The headline is the first. One row a transaction is the hardest: PostgreSQL decodes and sends each by itself. */
const cases: readonly Case[] = [
  { perTransaction: 10, producer: 'fast' },
  { perTransaction: 1, producer: 'fast' },
  { perTransaction: 1_000, producer: 'fast' },
  { perTransaction: 10, producer: 'stock' },
];

export const capture: Measure = {
  name: 'capture',
  question: 'How fast does capture bring a backlog of the WAL to the log?',
  parts: ['postgres', 'kafka'],
  async run(bench) {
    const runners = {
      ours: openRunner('capture', bench.options),
      stream: openRunner('rawStream', bench.options),
      produce: openRunner('rawProduce', bench.options),
    };
    try {
      const results: Result[] = [];
      for (const one of cases) results.push(await measureCase(bench, one, runners));
      return results;
    } finally {
      await Promise.all(Object.values(runners).map((runner) => runner.close()));
    }
  },
};

type Runners = Readonly<Record<'ours' | 'stream' | 'produce', Runner>>;

interface Source {
  readonly name: string;
  readonly url: string;
  /** Before the backlog. */
  readonly lsn: string;
  readonly changes: number;
  readonly producer: ProducerKind;
  readonly expected: Contents;
}

async function measureCase(bench: Bench, { perTransaction, producer }: Case, runners: Runners): Promise<Result> {
  const { addresses, options, say } = bench;
  const changes = options.changes ?? defaultChanges;
  const name = freshName();
  const url = await createSource(addresses.postgres, `${name}_source`);
  try {
    say(`writing ${changes} changes, ${perTransaction} to a transaction`);
    const lsn = await holdPlace(url, name);
    await writeBacklog(url, { changes, perTransaction, seed: options.seed });
    const source = { name, url, lsn, changes, producer, expected: await readRowsAsDocuments(url) };
    // The first log is what the raw producer produces once more.
    let model: { place: Place; log: Log } | null = null;
    const sides = {
      ours: {
        async run() {
          const made = await runOurs(bench, source, runners.ours);
          model ??= made;
          return made.reading;
        },
      },
      stream: { run: () => runStream(bench, source, runners.stream) },
      produce: {
        async run() {
          model ??= await runOurs(bench, source, runners.ours);
          return runProduce(bench, source, { runner: runners.produce, ...model });
        },
      },
    };
    const { ours, stream, produce } = await alternate(sides, options.runs, say);
    // What has to be done is both, so raw is the slower of the two, pair by pair.
    const raw = stream.rates.map((rate, at) => Math.min(rate, produce.rates[at] ?? NaN));
    const slower = median(stream.rates) < median(produce.rates) ? stream : produce;
    return {
      ...compared(ours, { rates: raw, cost: slower.cost }),
      measure: 'capture',
      case: nameOf({ perTransaction, producer }),
      unit: 'changes/s',
      rawIs: 'the slower of the same stream read and decoded, and its records produced without transactions',
      details: {
        'stream alone, changes/s': median(stream.rates),
        'share of the stream alone': medianRatio(ours.rates, stream.rates),
        'produce alone, records/s': median(produce.rates),
      },
      workload: `${changes} changes (3 inserts to 2 updates) waiting in the WAL, ${perTransaction} to a transaction, seed ${options.seed}`,
      compared: 'the fold of each log with the source, by digest, and the order of each row',
    };
  } finally {
    await deleteTopics(addresses.kafka, name);
    await dropDatabase(addresses.postgres, url);
  }
}

function nameOf({ perTransaction, producer }: Case): string {
  const rows = `${perTransaction} ${perTransaction === 1 ? 'row' : 'rows'} a transaction`;
  return producer === 'fast' ? rows : `${rows}, ${producer} producer`;
}

let runs = 0;

async function runOurs({ addresses }: Bench, { name, url, lsn, changes, producer, expected }: Source, runner: Runner) {
  runs += 1;
  const pipeline = `${name}r${runs}`;
  const { slot } = resourceNames(pipeline);
  const place = placeOf(addresses, pipelineFile(pipeline, { publication }), { source: url, producer });
  await copySlot(url, name, slot);
  const logId = randomUUID();
  await beginLog(place, { logId, lsn });
  await checkpoint(addresses.postgres);
  const reading = await runner.run({ place, logId, changes } satisfies CaptureSpec);
  await dropSlot(url, slot);
  const log = { logId, until: await endOf(place) };
  const { records, ...found } = await foldLog(place, log);
  assertEqual('The fold of the log', expected, found);
  if (records !== changes) throw new Error(`The log has ${records} records of ${changes} changes.`);
  return { reading, place, log };
}

async function runStream({ addresses }: Bench, { name, url, lsn, changes }: Source, runner: Runner) {
  const slot = `${name}_stream`;
  await copySlot(url, name, slot);
  await checkpoint(addresses.postgres);
  const reading = await runner.run({ url, slot, publication, startLsn: lsn, changes } satisfies RawStreamSpec);
  await dropSlot(url, slot);
  if (reading.changes !== changes) throw new Error(`The stream gave ${reading.changes} changes of ${changes}.`);
  return reading;
}

export async function runProduce(
  { addresses }: Bench,
  { name, changes }: Pick<Source, 'name' | 'changes'>,
  { runner, place, log }: { runner: Pick<Runner, 'run'>; place: Place; log: Log },
) {
  runs += 1;
  const topic = `${name}.raw${runs}`;
  await createTopic(addresses.kafka, topic, 4);
  const reading = await runner.run({ place, log, topic } satisfies RawProduceSpec);
  const found = await countRecords(addresses.kafka, topic);
  if (found !== changes) throw new Error(`The raw topic has ${found} records of ${changes}.`);
  return reading;
}
