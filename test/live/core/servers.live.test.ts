import { readLedger } from '../../support/ledger';
import { checkLog } from '../../support/log-check';
import { readLog } from '../../support/log-contents';
import { attachedStack } from '../../support/project';
import { announceSeed } from '../../support/random';
import { openScenario, type Scenario } from '../../support/scenario';
import { differencesOf, expectEqual, settle, untilLive, untilStoreIs } from '../../support/settle';
import { waitFor } from '../../support/wait';
import { runWorkload } from '../../support/workload';

jest.setTimeout(1_200_000);

/** Each change once on the log, both stores equal. */
async function expectWhole(scenario: Scenario): Promise<void> {
  await settle(scenario, 90);
  await expectEqual(scenario);
  const verdict = checkLog(await readLog(scenario.kafka, scenario.topics), await readLedger(scenario.source));
  expect(verdict).toMatchObject({ lost: [], repeated: [], aborted: [], disordered: [] });
}

async function underChanges(scenario: Scenario, seed: number, during: () => Promise<void>): Promise<void> {
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

it('servers that are killed, stopped and restarted under changes cost nothing', async () => {
  const seed = announceSeed('servers');
  const { servers } = attachedStack();
  const scenario = await openScenario();
  try {
    await scenario.startWorker();
    await scenario.startSync();
    await untilLive(scenario, 90);
    await underChanges(scenario, seed, async () => {
      await servers.temporal.kill();
      await servers.temporal.start();
      await settle(scenario, 90);
      await servers.kafka.stop();
      await servers.kafka.start();
      await settle(scenario, 120);
      await servers.postgres.stop();
      await servers.postgres.start();
      await settle(scenario, 120);
    });
    await expectWhole(scenario);
    await untilLive(scenario, 90);
  } finally {
    for (const part of ['temporal', 'kafka', 'postgres'] as const) await servers[part].start();
    await scenario.close();
  }
});

it('control: confirmed before they are on the log, changes that Kafka missed are gone for good', async () => {
  const seed = announceSeed('confirmed before the append');
  const { servers } = attachedStack();
  const scenario = await openScenario({ stores: ['replica'] });
  try {
    const worker = await scenario.startWorker({ sabotage: ['confirm-before-append', 'no-source-judgement'] });
    const failures = () => worker.tail(100_000).split('"activity":"captureSlice"').length;
    await scenario.startSync();
    await untilLive(scenario, 90);
    await underChanges(scenario, seed, async () => {
      await settle(scenario, 60);
      const before = failures();
      await servers.kafka.stop();
      // Kafka stays away until it has missed something for good: a short absence the client itself tries to bridge.
      await waitFor({
        what: 'an append to fail',
        seconds: 60,
        look: async () => failures() - before,
        until: (since) => since > 0,
        evidence: () => scenario.evidence(),
      });
      await servers.kafka.start();
      await settle(scenario, 120);
    });
    await settle(scenario, 60);
    const { lost } = checkLog(await readLog(scenario.kafka, scenario.topics), await readLedger(scenario.source));
    expect(lost.length).toBeGreaterThan(0);
    expect((await differencesOf(scenario)).length).toBeGreaterThan(0);
  } finally {
    await servers.kafka.start();
    await scenario.close();
  }
});

/** Changes that pass while Elasticsearch is away, at 200/s: until DEGRADED is seen; for a minute with SLIPSTREAM_TEST_FULL. */
const changesMeanwhile = process.env['SLIPSTREAM_TEST_FULL'] ? 12_000 : 0;

it('Elasticsearch down under changes: DEGRADED is seen, then LIVE without a hand; the replica goes on meanwhile', async () => {
  const seed = announceSeed('Elasticsearch down');
  const scenario = await openScenario();
  try {
    await scenario.startWorker();
    await scenario.startSync();
    await untilLive(scenario, 90);
    await underChanges(scenario, seed, async () => {
      const { source, replica, schema } = scenario;
      const writtenBefore = (await readLedger(source)).length;
      await scenario.elasticsearch.goDown();
      await untilStoreIs(scenario, 'search', 'DEGRADED');
      await source.query(`insert into entries values (-77, 1, 1, 'fee', 'meanwhile')`);
      await waitFor({
        what: 'the replica to go on',
        seconds: 30,
        look: () => replica.query(`select 1 from "${schema}".entries where id = -77`),
        until: (rows) => rows.length === 1,
      });
      await waitFor({
        what: `${changesMeanwhile} changes to pass`,
        seconds: 150,
        everyMs: 500,
        look: async () => (await readLedger(source)).length - writtenBefore,
        until: (passed) => passed >= changesMeanwhile,
      });
      await scenario.elasticsearch.comeUp();
      await untilStoreIs(scenario, 'search', 'LIVE');
    });
    await expectWhole(scenario);
  } finally {
    await scenario.close();
  }
});

it('an answer to a produce request that never arrives: nothing is lost, nothing stands there twice', async () => {
  const seed = announceSeed('lost answer');
  const scenario = await openScenario();
  try {
    const worker = await scenario.startWorker({ sabotage: ['lost-produce-answer'] });
    await scenario.startSync();
    await untilLive(scenario, 90);
    await runWorkload({ source: scenario.source, seed, changes: 2000, changesPerSecond: 500, largest: 300 });
    await expectWhole(scenario);
    expect(worker.tail(100_000)).toContain('a produce answer was dropped');
  } finally {
    await scenario.close();
  }
});
