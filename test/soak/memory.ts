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
