import { readLedger } from '../../support/ledger';
import { checkLog } from '../../support/log-check';
import { readLog } from '../../support/log-contents';
import type { Scenario } from '../../support/scenario';
import { expectEqual, settle } from '../../support/settle';
import { runWorkload } from '../../support/workload';

/** Each change once on the log, both stores equal. */
export async function expectWhole(scenario: Scenario): Promise<void> {
  await settle(scenario, 90);
  await expectEqual(scenario);
  const verdict = checkLog(await readLog(scenario.kafka, scenario.topics), await readLedger(scenario.source));
  expect(verdict).toMatchObject({ lost: [], repeated: [], aborted: [], disordered: [] });
}

/** So many changes flow for as long as it takes. */
export async function underChanges(scenario: Scenario, seed: number, during: () => Promise<void>): Promise<void> {
  const ended = new AbortController();
  const writing = runWorkload({
    ...{ source: scenario.source, seed, changes: 1e9, changesPerSecond: 200, largest: 300, signal: ended.signal },
  });
  try {
    await during();
  } finally {
    ended.abort();
    await writing;
  }
}
