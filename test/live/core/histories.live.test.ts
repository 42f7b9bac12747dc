import { findInHistories, readHistories } from '../../support/histories';
import { announceSeed } from '../../support/random';
import { openScenario } from '../../support/scenario';
import { expectEqual, settle, untilLive } from '../../support/settle';
import { runWorkload } from '../../support/workload';
import { canary } from '../../support/workload-schema';

const changes = Number(process.env['SLIPSTREAM_TEST_CHANGES'] ?? 5000);

jest.setTimeout(300_000 + changes * 20);

it(`after ${changes} changes no history holds a row or a secret, and workflows have continued as new`, async () => {
  const seed = announceSeed('histories');
  // Step mode: every micro-batch is an activity, so that a short run leaves long histories.
  const scenario = await openScenario({
    slice: { batches: 1, heartbeatSeconds: 3, seconds: 5 },
    recordVersions: false,
  });
  try {
    await scenario.startWorker();
    await scenario.startSync();
    await untilLive(scenario, 90);
    await runWorkload({ source: scenario.source, seed, changes, changesPerSecond: 120, largest: 300 });
    await settle(scenario, 90);
    await expectEqual(scenario);
    const runs = await readHistories(scenario.client);
    const events = runs.reduce((sum, run) => sum + run.events.length, 0);
    const continued = runs.filter(({ status }) => status === 'CONTINUED_AS_NEW');
    process.stderr.write(
      `${changes} changes: ${events} events in ${runs.length} runs, ${continued.length} of them continued as new\n`,
    );
    expect(findInHistories(runs, canary)).toEqual([]);
    expect(findInHistories(runs, 'postgres://')).toEqual([]);
    expect(findInHistories(runs, scenario.elasticsearch.url)).toEqual([]);
    // The search finds what is there: the pipeline's name is in every history.
    expect(findInHistories(runs, scenario.name).length).toBeGreaterThan(0);
    expect(continued.length).toBeGreaterThan(0);
    for (const { workflowId, events: own } of runs) expect([workflowId, own.length < 4000]).toEqual([workflowId, true]);
  } finally {
    await scenario.close();
  }
});
