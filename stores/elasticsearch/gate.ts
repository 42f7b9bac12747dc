/** Runs `work` as soon as there is room. */
export type Gate = (work: () => Promise<void>) => Promise<void>;

/** Room for so many at once; whoever waits goes in the order it came. */
export function openGate(width: number): Gate {
  let free = width;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((enter) => waiting.push(enter));
    try {
      await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
