export interface SeededRandom {
  /** 0 <= n < limit */
  below(limit: number): number;
  pick<T>(values: readonly T[]): T;
}

/** Randomness that can be had again: the seed is printed, and `SLIPSTREAM_TEST_SEED` sets it. */
export function seededRandom(): SeededRandom {
  const seed = Number(process.env['SLIPSTREAM_TEST_SEED'] ?? Date.now() % 1_000_000);
  process.stdout.write(`seed ${seed} (SLIPSTREAM_TEST_SEED=${seed} repeats this run)\n`);
  let state = seed >>> 0;
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit);
  };
  return { below, pick: (values) => values[below(values.length)] as (typeof values)[number] };
}
