import type { Cost, Result } from './measure';
import type { RunReading } from './runner';
import { median, medianRatio } from './statistics';

/** One side of an alternation. */
export interface Side {
  /** One whole run, compared with the source before it resolves. `at` counts from 0; -1 is the warm-up. */
  run(at: number): Promise<RunReading>;
}

export interface SideResult {
  /** Changes per second, in the order of the runs. */
  readonly rates: readonly number[];
  readonly cost: Cost;
}

/**
 * Runs the sides in turn, after one run each, in the order given, that does not count. Every second round goes the other
 * way round, so that a machine which slows down or warms up favours nobody.
 */
export async function alternate<Name extends string>(
  sides: Readonly<Record<Name, Side>>,
  runs: number,
  say: (line: string) => void,
): Promise<Readonly<Record<Name, SideResult>>> {
  const names = Object.keys(sides) as Name[];
  const readings = new Map<Name, RunReading[]>(names.map((name) => [name, []]));
  for (let at = -1; at < runs; at += 1) {
    for (const name of at % 2 === 0 ? [...names].reverse() : names) {
      const reading = await sides[name].run(at);
      const place = at < 0 ? 'warm-up' : `run ${at + 1} of ${runs}`;
      say(`${place.padEnd(12)} ${name.padEnd(10)} ${rateOf(reading).toFixed(0).padStart(8)}/s${spansOf(reading)}`);
      if (at >= 0) readings.get(name)?.push(reading);
    }
  }
  const results = names.map((name) => [name, summarise(readings.get(name) ?? [])] as const);
  return Object.fromEntries(results) as Record<Name, SideResult>;
}

function rateOf({ changes, seconds }: RunReading): number {
  return changes / seconds;
}

function spansOf({ spans, seconds }: RunReading): string {
  const shares = Object.entries(spans).map(([part, of]) => `${part} ${((of / seconds) * 100).toFixed(0)}%`);
  return shares.length === 0 ? '' : `  (${shares.join(', ')})`;
}

export function summarise(readings: readonly RunReading[]): SideResult {
  return {
    rates: readings.map(rateOf),
    cost: {
      cpuSecondsPerMillion: median(readings.map(({ cpuSeconds, changes }) => (cpuSeconds / changes) * 1e6)),
      peakRssMiB: Math.max(...readings.map(({ peakRssMiB }) => peakRssMiB)),
    },
  };
}

/** What a result says of two sides that ran in turn: medians, and the ratio run by run, so that a slow hour favours nobody. */
export function compared(
  ours: SideResult,
  raw: SideResult,
): Pick<Result, 'value' | 'raw' | 'ratio' | 'runs' | 'samples' | 'cost'> {
  return {
    value: median(ours.rates),
    raw: median(raw.rates),
    ratio: medianRatio(ours.rates, raw.rates),
    runs: ours.rates.length,
    samples: { ours: ours.rates, raw: raw.rates },
    cost: { ours: ours.cost, raw: raw.cost },
  };
}
