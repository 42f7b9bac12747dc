import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../../support/wait';
import { announceSeed } from '../../support/random';
import { pollBalances, untilRead, type PollingReader } from '../../support/readers';
import { openScenario, type Scenario } from '../../support/scenario';
import { expectEqual, settle, untilLive } from '../../support/settle';
import { stopwatch } from '../../support/stopwatch';
import type { Sabotage } from '../../support/misdeeds';
import { runWorkload } from '../../support/workload';
import { levyAll } from '../../support/workload-steps';

jest.setTimeout(720_000);

/** A levy of all accounts is larger than a micro-batch. */
const sizes = { accounts: 5000, vaults: 100, documents: 200, entries: 500 };

async function levies(scenario: Scenario, times: number): Promise<void> {
  const client = await scenario.source.connect();
  for (let at = 0; at < times; at += 1) await levyAll(client);
  await client.end();
}

it('both stores equal the source after every kind of change, and the replica never shows half a transaction', async () => {
  const seed = announceSeed('equality');
  const lap = stopwatch('equality');
  const scenario = await openScenario({ sizes, recordVersions: false });
  let polling: PollingReader | undefined;
  try {
    await scenario.startWorker();
    await scenario.startSync();
    await untilLive(scenario, 90);
    lap('LIVE');
    const reader = (polling = pollBalances(scenario));
    await Promise.all([
      runWorkload({ source: scenario.source, seed, changes: 25_000, largest: 10_000, changesPerSecond: 2500 }),
      levies(scenario, 3),
      untilRead(reader, 10_000),
    ]);
    lap(`workload written, ${reader.reads} reads`);
    await settle(scenario, 90);
    lap('all of it in both stores');
    await reader.stop();
    expect(reader.violations).toEqual([]);
    await expectEqual(scenario);
  } finally {
    await polling?.stop();
    await scenario.close();
  }
});

/**
 * A worker stands still behind the first of the micro-batches that one transaction of the source takes. Returns what a
 * reader of the replica finds wrong then.
 */
async function seenInsideALevy(sabotage: readonly Sabotage[]): Promise<readonly string[]> {
  const scenario = await openScenario({ sizes, recordVersions: false, stores: ['replica'] });
  try {
    const begin = await scenario.startWorker();
    await scenario.startSync();
    await untilLive(scenario, 90);
    await begin.end('SIGTERM');
    const marker = join(scenario.folder, 'stopped');
    const stopped = await scenario.startWorker({
      crash: { point: 'postgres.after-apply', passing: 1, marker, signal: 'SIGSTOP' },
      sabotage,
    });
    await levies(scenario, 1);
    await waitFor({
      what: 'the worker to stop inside the levy',
      seconds: 60,
      look: () => Promise.resolve(existsSync(marker)),
      until: (there) => there,
      evidence: () => scenario.evidence(),
    });
    const reader = pollBalances(scenario);
    await untilRead(reader, 10).finally(() => reader.stop());
    stopped.signal('SIGCONT');
    await settle(scenario, 60);
    await expectEqual(scenario);
    return reader.violations;
  } finally {
    await scenario.close();
  }
}

it('between two micro-batches of one transaction the replica shows none of it', async () => {
  expect(await seenInsideALevy([])).toEqual([]);
});

it('control: a replica that commits between closed points shows half a transaction', async () => {
  expect(await seenInsideALevy(['no-closed-points'])).not.toEqual([]);
});
