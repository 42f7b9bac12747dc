import { join } from 'node:path';
import { readLedger } from '../../support/ledger';
import { checkLog } from '../../support/log-check';
import { readLog } from '../../support/log-contents';
import type { Sabotage } from '../../support/misdeeds';
import { openScenario, type Scenario } from '../../support/scenario';
import { differencesOf, settle, untilLive } from '../../support/settle';
import { smallSizes } from '../../support/workload-schema';

jest.setTimeout(600_000);

/** Three appends of a TRUNCATE, the last one not full. */
const entries = 5_000;

/** Keys alone: no row, no revision. */
async function truncated({ kafka, topics }: Scenario): Promise<number> {
  const log = await readLog(kafka, topics);
  return log.filter(({ operation, revision }) => operation === 'd' && Number.isNaN(revision)).length;
}

/** The worker dies with 2,000 of the rows deleted on the log, which its successor finds by reading the topic. */
async function killedInside(sabotage: readonly Sabotage[]) {
  const sizes = { ...smallSizes, entries };
  const scenario = await openScenario({ sizes, stores: ['replica'], recordVersions: false });
  const { source, folder } = scenario;
  try {
    const crash = {
      point: 'truncate.after-append',
      passing: 1,
      marker: join(folder, 'dead'),
      signal: 'SIGKILL',
    } as const;
    const first = await scenario.startWorker({ crash, sabotage });
    await scenario.startSync();
    await untilLive(scenario, 90);
    const client = await source.connect();
    await client.query(
      `begin; insert into entries values (-1, 1, 1, 'fee', 'goes too'); truncate entries;
       insert into entries values (1, 1, 1, 'fee', 'comes again'), (-2, 1, 1, 'fee', 'comes'); commit`,
    );
    await client.end();
    expect(await first.death(60)).toBe('SIGKILL');
    const whenDead = await truncated(scenario);
    await scenario.startWorker(sabotage.length > 0 ? { sabotage } : undefined);
    await settle(scenario, 90);
    return {
      whenDead,
      deleted: await truncated(scenario),
      log: checkLog(await readLog(scenario.kafka, scenario.topics), await readLedger(source)),
      differences: await differencesOf(scenario),
    };
  } finally {
    await scenario.close();
  }
}

it('killed inside a TRUNCATE: another worker goes on with the rows that are left, each is deleted once, the store is equal', async () => {
  const { whenDead, deleted, log, differences } = await killedInside([]);
  expect(whenDead).toBe(2_000);
  expect(deleted).toBe(entries + 1);
  expect(log).toMatchObject({ lost: [], repeated: [], aborted: [], disordered: [] });
  expect(differences).toEqual([]);
});

it('control: with a position that passes the TRUNCATE at its first append, the others stay for ever', async () => {
  const { whenDead, deleted, differences } = await killedInside(['truncate-passed-at-once']);
  expect(whenDead).toBe(2_000);
  expect(deleted).toBe(2_000);
  expect(differences.every(({ kind }) => kind === 'only in the store')).toBe(true);
  expect(differences.length).toBeGreaterThan(2_000);
});
