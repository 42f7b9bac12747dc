import { findInHistories, readHistories } from '../../support/histories';
import { announceSeed } from '../../support/random';
import { openScenario, type Scenario } from '../../support/scenario';
import { expectEqual, settle, untilLive } from '../../support/settle';
import { waitFor } from '../../support/wait';
import { runWorkload } from '../../support/workload';
import { canary } from '../../support/workload-schema';

/** Small transactions, so that there are many micro-batches, until one of the lanes' workflows has begun a new run. */
async function keepBusyUntilContinued(scenario: Scenario): Promise<void> {
  const ended = new AbortController();
  const writing = runWorkload({
    ...{ source: scenario.source, seed: 1, changes: 1e9, writers: 1, largest: 0, changesPerSecond: 40 },
    signal: ended.signal,
  });
  try {
    await waitFor({
      what: 'a workflow to continue as new',
      seconds: 200,
      everyMs: 1000,
      look: async () => {
        for await (const { status } of scenario.client.workflow.list())
          if (status.name === 'CONTINUED_AS_NEW') return true;
        return false;
      },
      until: (seen) => seen,
    });
  } finally {
    ended.abort();
    await writing;
  }
}

const changes = Number(process.env['SLIPSTREAM_TEST_CHANGES'] ?? 5000);

jest.setTimeout(900_000 + changes * 20);

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
    await Promise.all([
      runWorkload({ source: scenario.source, seed, changes, changesPerSecond: 120, largest: 300 }),
      keepBusyUntilContinued(scenario),
    ]);
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
