/**
 * The value below which a share of the samples lies, by linear interpolation between the two nearest ranks, as
 * spreadsheets and NumPy do by default. `share` is 0 to 1. Throws a RangeError without samples: a figure of nothing is
 * no figure.
 */
export function percentile(samples: readonly number[], share: number): number {
  if (samples.length === 0) throw new RangeError('No samples: nothing was measured.');
  if (!(share >= 0 && share <= 1)) throw new RangeError(`A share of ${share} is not between 0 and 1.`);
  const sorted = [...samples].sort((left, right) => left - right);
  const rank = share * (sorted.length - 1);
  const below = sorted[Math.floor(rank)] ?? NaN;
  const above = sorted[Math.ceil(rank)] ?? NaN;
  return below + (above - below) * (rank - Math.floor(rank));
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/**
 * Ours against raw, pair by pair, and then the median: the two runs of a pair are seconds apart, so what the machine
 * does besides hits both, while two medians may come from different minutes. Both lists are in the order of the runs.
 */
export function medianRatio(ours: readonly number[], raw: readonly number[]): number {
  if (ours.length !== raw.length) {
    throw new RangeError(`${ours.length} runs of ours and ${raw.length} raw ones do not make pairs.`);
  }
  return median(ours.map((value, at) => value / (raw[at] ?? NaN)));
}

/** Three significant digits: more would be noise dressed as knowledge. Integers stay whole. */
export function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
