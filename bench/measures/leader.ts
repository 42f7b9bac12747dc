import { databaseUrl } from '../../examples/shop/database';
import { openCaptureSession, prepareCapture } from '../../capture/session';
import type { PipelineFile } from '../../model/pipeline';
import { capturedTables, createBank, runLoad, tidyBank, warmSeconds, type LoadReading } from '../leader-load';
import { captureOptionsAt, placeOf, type Place } from '../log';
import type { Bench, Measure, Result } from '../measure';
import { freshName, pipelineFile } from '../pipeline';
import { openRunner, type Runner } from '../runner';
import { createDatabase, dropDatabase } from '../source';
import { median, medianRatio } from '../statistics';
import { deleteTopics } from '../topics';
import type { CaptureForSpec } from '../variants/capture-for';

const defaultSeconds = 20;
/** More than the fastest copy reads in a run of that length. */
const defaultArchiveRows = 2_000_000;
const budget = 2_000;
const archive = 'public.archive';

const ours = ['capture', 'copy', 'copy on a budget'] as const;
type Side = 'without' | (typeof ours)[number];

/**
 * One round: ours, the other way round every second time, between two runs of the bare load. Their mean is what a round is
 * compared with, so that a machine which slows down or warms up within the minutes of a round favours nobody.
 */
function roundOf(at: number): readonly Side[] {
  return ['without', ...(at % 2 === 0 ? [...ours].reverse() : ours), 'without'];
}

interface Seen extends LoadReading {
  /** Of our own process; 0 without it. */
  readonly cpuSeconds: number;
}

export const leader: Measure = {
  name: 'leader',
  question: 'What does capture, and a copy beside it, cost the applications that write to the leader?',
  parts: ['postgres', 'kafka'],
  async run(bench) {
    const { addresses, options, say } = bench;
    const { postgres, kafka } = addresses;
    const name = freshName();
    const [bare, captured] = [databaseUrl(postgres, `${name}_bare`), databaseUrl(postgres, `${name}_captured`)];
    const runner = openRunner('captureFor', options);
    const seen: Record<Side, Seen[]> = { without: [], capture: [], copy: [], 'copy on a budget': [] };
    try {
      for (const database of ['bare', 'captured']) await createDatabase(postgres, `${name}_${database}`);
      for (const url of [bare, captured]) await createBank(url, options.changes ?? defaultArchiveRows);
      say('copying the tables for the first time');
      const log = await begin(bench, { name, url: captured });
      for (let at = -1; at < options.runs; at += 1) {
        for (const side of roundOf(at)) {
          const reading = await runSide(bench, { side, at, bare, captured, name, logId: log.logId, runner });
          const { transactionsPerSecond: tps, p99Ms } = reading;
          say(
            `${at < 0 ? 'warm-up' : `run ${at + 1}`} ${side}: ${tps.toFixed(0)} transactions/s, p99 ${p99Ms.toFixed(1)} ms`,
          );
          if (at >= 0) seen[side].push(reading);
        }
      }
      return summaries(bench, seen);
    } finally {
      await runner.close();
      for (const url of [bare, captured]) await dropDatabase(postgres, url);
      await deleteTopics(kafka, `${name}.`);
    }
  },
};

function placeFor({ addresses }: Bench, name: string, url: string, rowsPerSecond?: number): Place {
  const file = pipelineFile(name);
  const copy = rowsPerSecond === undefined ? {} : { copy: { rowsPerSecond } };
  const tables = Object.fromEntries(capturedTables.map((table) => [table, {}]));
  const stores: PipelineFile['stores'] = {
    replica: { type: 'postgres', url: { env: 'BENCH_REPLICA_URL' }, schema: 'bench', tables },
  };
  return placeOf(
    addresses,
    { ...file, source: { ...file.source, tables: capturedTables, ...copy }, stores },
    { source: url },
  );
}

/** A log that holds everything there is: what is measured later is what comes from then on. */
async function begin(bench: Bench, { name, url }: { name: string; url: string }): Promise<{ logId: string }> {
  const place = placeFor(bench, name, url);
  const { logId } = await prepareCapture(captureOptionsAt(place, null));
  const session = await openCaptureSession(captureOptionsAt(place, logId));
  try {
    const done = new AbortController();
    await session.run({
      signal: done.signal,
      maxMs: Infinity,
      onProgress: ({ copies }) => {
        if (Object.values(copies).every((copy) => copy.done)) done.abort();
      },
    });
  } finally {
    await session.close();
  }
  return { logId };
}

async function runSide(
  bench: Bench,
  run: { side: Side; at: number; bare: string; captured: string; name: string; logId: string; runner: Runner },
): Promise<Seen> {
  const { side, at, bare, captured, name, logId, runner } = run;
  const seconds = bench.options.seconds ?? defaultSeconds;
  await tidyBank(side === 'without' ? bare : captured);
  if (side === 'without') return { ...(await runLoad(bare, seconds)), cpuSeconds: 0 };
  const place = placeFor(bench, name, captured, side === 'copy on a budget' ? budget : undefined);
  const again = side === 'capture' ? null : { table: archive, order: `${side} ${at}` };
  const spec: CaptureForSpec = { place, logId, seconds: seconds + warmSeconds, again };
  const [load, ours] = await Promise.all([runLoad(captured, seconds), runner.run(spec)]);
  return { ...load, cpuSeconds: ours.cpuSeconds };
}

function summaries({ options }: Bench, seen: Record<Side, Seen[]>): Result[] {
  const seconds = options.seconds ?? defaultSeconds;
  const tps = (side: Side) =>
    perRound(
      seen[side].map(({ transactionsPerSecond }) => transactionsPerSecond),
      options.runs,
    );
  const p99 = (side: Side) =>
    perRound(
      seen[side].map(({ p99Ms }) => p99Ms),
      options.runs,
    );
  return ours.flatMap((side): Result[] => {
    const common = {
      measure: 'leader',
      rawIs: 'the same load on a database without publication, slot and REPLICA IDENTITY FULL, nobody capturing',
      runs: options.runs,
      details: {
        'CPU of our process, % of a core': median(
          seen[side].map(({ cpuSeconds }) => (cpuSeconds / (seconds + warmSeconds)) * 100),
        ),
      },
      workload:
        `TPC-B's transaction, scale 10, 4 connections, ${seconds} s a run behind ${warmSeconds} s that do not count` +
        (side === 'copy on a budget' ? `; the copy takes ${budget} rows a second` : ''),
      compared: 'nothing: it is the application that is measured',
    } as const;
    const both = (of: (side: Side) => number[]) => ({ ours: of(side), raw: of('without') });
    return [
      {
        ...common,
        ...{ case: side, unit: 'transactions/s', value: median(tps(side)), raw: median(tps('without')) },
        ...{ ratio: medianRatio(tps(side), tps('without')), samples: both(tps) },
      },
      {
        ...common,
        ...{ case: `${side}, p99`, unit: 'ms', value: median(p99(side)), raw: median(p99('without')) },
        ...{ ratio: medianRatio(p99('without'), p99(side)), samples: both(p99) },
      },
    ];
  });
}

/** As many readings a round as there are runs of the side in it: their mean. */
function perRound(readings: readonly number[], rounds: number): number[] {
  const each = readings.length / rounds;
  return Array.from({ length: rounds }, (_, at) => {
    const own = readings.slice(at * each, (at + 1) * each);
    return own.reduce((sum, reading) => sum + reading, 0) / own.length;
  });
}
