import type { Cut } from './cut';

/** A partition that is not to be fetched from now on, or is again. */
export interface Craving {
  /** Its place among the cut's buffers. */
  readonly at: number;
  readonly paused: boolean;
}

/**
 * Which partitions a lane fetches (Invariant 10). Each is paused at its own bound, and resumed when it is roomy. Records of
 * megabytes come whole whatever a fetch asks for, so their partitions may each hold one beyond its bound: as soon as all of
 * them together hold `limitBytes`, none is fetched while something can be handed out, and else one alone: that without which
 * a known position record is not complete. A full lane would wait for ever for the very partition that it does not fetch.
 */
export class Appetite {
  private readonly paused = new Set<number>();

  constructor(
    private readonly cut: Cut,
    private readonly limitBytes: number,
  ) {}

  /** What is to be done since the last time. */
  changes(): Craving[] {
    const { cut, paused } = this;
    const over = cut.heldBytes >= this.limitBytes;
    const only = over ? cut.lacking() : null;
    const changes: Craving[] = [];
    for (const [at, { full, roomy }] of cut.buffers.entries()) {
      if (full || (over && at !== only)) {
        if (paused.has(at)) continue;
        paused.add(at);
        changes.push({ at, paused: true });
      } else if (roomy && paused.delete(at)) {
        changes.push({ at, paused: false });
      }
    }
    return changes;
  }
}
