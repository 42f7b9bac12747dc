/**
 * Tests wait for states that can be observed, never for time. The bound is there to fail with what was seen last, which
 * is most of what a reader of a red run needs.
 */
export interface Wait<T> {
  /** What is waited for, as the end of "Waited 30 s for …". */
  readonly what: string;
  readonly seconds: number;
  /** Looks once. An error counts as "not yet" and is shown when the time is up: servers come and go in these tests. */
  readonly look: () => Promise<T>;
  readonly until: (seen: T) => boolean;
  readonly everyMs?: number;
  /** What is looked at is the outcome itself: not there in time, it is wrong and not late (stack/second-try.js). */
  readonly conclusive?: boolean;
  /** Asked when the time is up, for logs and the like. */
  readonly evidence?: () => string | Promise<string>;
}

/** Bounds are there for faults, not for slowness: on a machine that has other work too, the same state comes later. */
const patience = 3;

export async function waitFor<T>(wait: Wait<T>): Promise<T> {
  const { what, seconds, look, until, everyMs = 50, conclusive = false, evidence } = wait;
  const bound = seconds * patience;
  const deadline = Date.now() + bound * 1000;
  let last = 'nothing';
  for (;;) {
    try {
      const seen = await look();
      if (until(seen)) return seen;
      last = show(seen);
    } catch (error) {
      last = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
    if (Date.now() > deadline) {
      const more = evidence ? `\n${await evidence()}` : '';
      const verdict = conclusive ? `Not so after ${bound} s:` : `Waited ${bound} s for`;
      throw new Error(`${verdict} ${what}. Seen last: ${last}${more}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part));
  return (text ?? String(value)).slice(0, 4000);
}
