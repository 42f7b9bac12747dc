import { waitFor } from '../../support/wait';
import { announceSeed } from '../../support/random';
import { pollBalances, type PollingReader } from '../../support/readers';
import { openScenario, type Scenario } from '../../support/scenario';
import { expectEqual, settle, untilLive } from '../../support/settle';
import { stopwatch } from '../../support/stopwatch';
import type { Misdeeds } from '../../support/misdeeds';
import { runWorkload } from '../../support/workload';
import { levyAll } from '../../support/workload-steps';

jest.setTimeout(720_000);

const sizes = { accounts: 5000, vaults: 100, documents: 200, entries: 500 };

async function started(misdeeds?: Misdeeds): Promise<Scenario> {
  const scenario = await openScenario({ sizes, recordVersions: false });
  await scenario.startWorker(misdeeds);
  await scenario.startSync();
  await untilLive(scenario, 90);
  return scenario;
}

async function levies(scenario: Scenario, times: number): Promise<void> {
  const client = await scenario.source.connect();
  for (let at = 0; at < times; at += 1) await levyAll(client);
  await client.end();
}

const untilRead = (reader: PollingReader, reads: number) =>
  waitFor({
    what: `${reads} reads`,
    seconds: 90,
    look: () => Promise.resolve(reader.reads),
    until: (seen) => seen >= reads,
  });

it('both stores equal the source after every kind of change, and the replica never shows half a transaction', async () => {
  const seed = announceSeed('equality');
  const lap = stopwatch('equality');
  const scenario = await started();
  lap('LIVE');
  const reader = pollBalances(scenario);
  try {
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
    await reader.stop();
    await scenario.close();
  }
});

it('control: a replica that commits between closed points shows half a transaction', async () => {
  const scenario = await started({ sabotage: ['no-closed-points'] });
  const reader = pollBalances(scenario);
  try {
    await levies(scenario, 5);
    await settle(scenario, 60);
    await reader.stop();
    expect(reader.violations).not.toEqual([]);
    await expectEqual(scenario);
  } finally {
    await reader.stop();
    await scenario.close();
  }
});
