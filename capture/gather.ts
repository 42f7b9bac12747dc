/**
 * While the source sends as fast as it is read, the next append is given so long to grow. Each costs the brokers a marker in every
 * partition and several writes of their own, however little it holds, and those would be half of what two cores are busy with.
 */
export const gatherMs = 20;

/** Milliseconds that the next append waits for company; 0: none. */
export function gatherFor(state: {
  /** The source has more than was read of it at once: whoever waits is not waited for by the source. */
  readonly hurried: boolean;
  /** A unit is full, or there is no room for more. */
  readonly enough: boolean;
  /** Since the last append was done. One that is due for longer than this goes at once. */
  readonly restedMs: number;
}): number {
  return state.hurried && !state.enough ? Math.max(0, gatherMs - state.restedMs) : 0;
}
