import type { Addresses, Part } from './addresses';

export const measureNames = [
  'capture',
  'copy',
  'postgres',
  'elasticsearch',
  'redis',
  'latency',
  'takeover',
  'idle',
  'leader',
] as const;
export type MeasureName = (typeof measureNames)[number];

/** What one process spent on its runs. */
export interface Cost {
  /** CPU seconds of the Node process, user and system, per million changes: the median of its runs. */
  readonly cpuSecondsPerMillion: number;
  /** The most memory the process ever had resident, MiB. */
  readonly peakRssMiB: number;
}

/** One figure with what it takes to judge it. */
export interface Result {
  readonly measure: MeasureName;
  /** One line of the measure: a transaction size, a store, a profile. */
  readonly case: string;
  /** Ours: the median of the runs. */
  readonly value: number;
  readonly unit: 'changes/s' | 'rows/s' | 'transactions/s' | 'ms' | 's' | 'MiB';
  /** The same without Slipstream: the median of as many runs, each beside one of ours. */
  readonly raw: number;
  /** What `raw` is, in a few words. */
  readonly rawIs: string;
  /** Share of raw that is reached, pair by pair; for times, raw through ours. 1 would be "nothing is lost". */
  readonly ratio: number;
  readonly runs: number;
  /** Every run of ours, in order, and of raw. */
  readonly samples: { readonly ours: readonly number[]; readonly raw: readonly number[] };
  readonly cost?: { readonly ours: Cost; readonly raw: Cost };
  /** Further figures of the same runs, each named with its unit. */
  readonly details: Readonly<Record<string, number>>;
  readonly workload: string;
  /** What was compared with the source afterwards, and found equal. A run that differs has no result. */
  readonly compared: string;
}

export interface BenchOptions {
  /** Pairs of runs that count; one more of each goes before, to warm the processes up. */
  readonly runs: number;
  /** Changes of one run; null: the measure's own default. */
  readonly changes: number | null;
  /** Of one run, for measures that run by the clock; null: the measure's own default. */
  readonly seconds: number | null;
  readonly seed: number;
  /** Connections that a PostgreSQL store writes over (`parallel` of its definition); null: the one of an ordinary lane. */
  readonly parallel: number | null;
  /** Folder for CPU profiles of the processes that run the sides; null: none. */
  readonly profile: string | null;
}

/** What a measure is given. */
export interface Bench {
  readonly addresses: Addresses;
  readonly options: BenchOptions;
  /** Progress, for people; never on the way of a clock. */
  readonly say: (line: string) => void;
}

export interface Measure {
  readonly name: MeasureName;
  /** One sentence. */
  readonly question: string;
  readonly parts: readonly Part[];
  /** The headline first. Throws when what was written is not what the source holds. */
  run(bench: Bench): Promise<readonly Result[]>;
}
