/**
 * While the source sends as fast as it is read, the next append is given so long to grow. Each costs the brokers several writes of
 * their own and a marker in every partition, however little it holds. With appends one right behind the other those of a backlog
 * held 1,900 changes on average, with this 3,900 (`npm run bench -- capture`, 1,000 rows a transaction).
 */
export const gatherMs = 20;

/** Milliseconds that the next append waits for company; 0: none. */
export function gatherFor(state: {
  /** The source sends as fast as it is read: what is waited for comes meanwhile. */
  readonly hurried: boolean;
  /** A unit is full, or there is no room for more. */
  readonly enough: boolean;
  /** Since the last append was done. One that is due for longer than this goes at once. */
  readonly restedMs: number;
}): number {
  return state.hurried && !state.enough ? Math.max(0, gatherMs - state.restedMs) : 0;
}
