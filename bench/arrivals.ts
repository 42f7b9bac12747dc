import { performance } from 'node:perf_hooks';

/**
 * When each of the rows 0, 1, 2 … was committed and when it was first seen, in milliseconds of `performance.now()`.
 * Rows may be seen in any order; `low` is the first that was not seen yet, so that a reader asks for no more than it must.
 */
export class Arrivals {
  private readonly times: number[] = [];
  private next = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  see(ids: Iterable<number>): void {
    const at = this.now();
    for (const id of ids) this.times[id] ??= at;
    while (this.times[this.next] !== undefined) this.next += 1;
  }

  get low(): number {
    return this.next;
  }

  /** Undefined while it was not seen. */
  at(id: number): number | undefined {
    return this.times[id];
  }

  /** The delays of rows `from` up to, not including, `to`. Throws for a row that was never seen: a gap has no delay. */
  delays(committed: readonly number[], from: number, to: number): number[] {
    return committed.slice(from, to).map((at, index) => {
      const seen = this.times[from + index];
      if (seen === undefined) throw new Error(`Row ${from + index} was committed and never seen.`);
      return seen - at;
    });
  }
}
