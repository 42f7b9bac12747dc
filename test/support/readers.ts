import type { Scenario } from './scenario';
import { waitFor } from './wait';
import { totalBalance } from './workload-schema';

/** A reader that looks again and again until it is stopped. */
export interface PollingReader {
  readonly reads: number;
  /** What should never have been seen, as sentences; the first hundred. */
  readonly violations: readonly string[];
  stop(): Promise<void>;
}

/** Runs `look` without pause; what it returns is a violation, what it throws too. */
export function poll(look: () => Promise<string | null>): PollingReader {
  let reads = 0;
  let stopped = false;
  const violations: string[] = [];
  const running = (async () => {
    while (!stopped) {
      const violation = await look().catch((error: unknown) => `the read failed: ${String(error)}`);
      reads += 1;
      if (violation !== null && violations.length < 100) violations.push(violation);
      // Reads of a closed connection fail without waiting for anything: others have to get their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  return {
    get reads() {
      return reads;
    },
    violations,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

/** Resolves when it has looked so many times in all. */
export async function untilRead(reader: PollingReader, reads: number): Promise<void> {
  await waitFor({
    what: `${reads} reads`,
    seconds: 90,
    look: () => Promise.resolve(reader.reads),
    until: (seen) => seen >= reads,
  });
}

/** Sums balances that move between rows and tables: half a transaction gives another sum. */
export function pollBalances({ replica, schema, sizes }: Scenario): PollingReader {
  const expected = totalBalance(sizes);
  const sum = `select (select sum(balance) from "${schema}".accounts) + (select sum(balance) from "${schema}".safes)`;
  return poll(async () => {
    const seen = await replica.value(sum);
    return seen === expected ? null : `the balances add up to ${seen || 'nothing'} instead of ${expected}`;
  });
}
