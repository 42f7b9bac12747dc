/** A seeded source of numbers (mulberry32): small, fast, the same on every machine. */
export interface Random {
  /** 0 ≤ x < 1 */
  next(): number;
  /** A whole number, both ends included. */
  between(low: number, high: number): number;
  pick<T>(items: readonly T[]): T;
  chance(probability: number): boolean;
  /** An independent stream, so that one writer's draws do not depend on how far another has come. */
  fork(): Random;
}

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    between,
    pick: (items) => {
      const item = items[between(0, items.length - 1)];
      if (item === undefined) throw new RangeError('Nothing to pick from.');
      return item;
    },
    chance: (probability) => next() < probability,
    fork: () => seeded(between(0, 0xffffffff)),
  };
}

/** The seed of this run: SLIPSTREAM_TEST_SEED repeats one. Always printed. */
export function announceSeed(what: string): number {
  const seed = Number(process.env['SLIPSTREAM_TEST_SEED'] ?? Math.floor(Math.random() * 0x7fffffff));
  process.stderr.write(`${what}: seed ${seed} (repeat with SLIPSTREAM_TEST_SEED=${seed})\n`);
  return seed;
}
