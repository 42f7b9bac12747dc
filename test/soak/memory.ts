import { readFileSync } from 'node:fs';

/** Resident memory of a process now, MiB; null where there is no /proc, or when the process is gone. */
export function residentMiB(pid: number): number | null {
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? null : Number(kibibytes) / 1_024;
  } catch {
    return null;
  }
}

export interface Sample {
  /** Seconds since some beginning. */
  readonly at: number;
  readonly mebibytes: number;
}

/**
 * How fast memory grows, MiB a minute: the slope through the lows. A collector lets memory swing by a hundred mebibytes,
 * and what is kept for ever lifts its lows; so of each tenth of the time the lowest sample counts, and the slope is the
 * median of those between any two of these (Theil and Sen): one odd tenth does not move it. Null: too few samples.
 */
export function growth(samples: readonly Sample[]): number | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || samples.length < 20) return null;
  const span = (last.at - first.at) / 10;
  const lows = Array.from({ length: 10 }, (_, tenth) => {
    const within = samples.filter(({ at }) => Math.min(9, Math.floor((at - first.at) / span)) === tenth);
    return within.reduce<Sample | null>((low, one) => (low && low.mebibytes <= one.mebibytes ? low : one), null);
  }).filter((low) => low !== null);
  const slopes = lows.flatMap((left, at) =>
    lows.slice(at + 1).map((right) => (right.mebibytes - left.mebibytes) / (right.at - left.at)),
  );
  const sorted = slopes.sort((left, right) => left - right);
  const middle = sorted[sorted.length >> 1];
  return middle === undefined ? null : middle * 60;
}

/** Quarters further apart than this are no saw-tooth any more; so much may a heap find its size anew. */
const flatWithin = 0.1;
/** Below so much a run has no quarters to speak of: sessions open, code is compiled, the heap finds its size. */
const judgedFromSeconds = 480;

export interface MemoryVerdict {
  /** Medians, MiB. */
  readonly firstQuarterMiB: number;
  readonly lastQuarterMiB: number;
  /** null: watched for too short a time to say. */
  readonly flat: boolean | null;
}

/** Whether the last quarter needs no more memory than the first, by a tenth. Null: too few samples. */
export function judgeMemory(samples: readonly Sample[]): MemoryVerdict | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || samples.length < 20) return null;
  const seconds = last.at - first.at;
  const within = (from: number, to: number) =>
    median(samples.filter(({ at }) => at >= first.at + from * seconds && at <= first.at + to * seconds));
  const [firstQuarterMiB, lastQuarterMiB] = [within(0, 0.25), within(0.75, 1)];
  return {
    ...{ firstQuarterMiB, lastQuarterMiB },
    flat: seconds < judgedFromSeconds ? null : lastQuarterMiB <= firstQuarterMiB * (1 + flatWithin),
  };
}

function median(samples: readonly Sample[]): number {
  const sorted = samples.map(({ mebibytes }) => mebibytes).sort((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? 0;
}
