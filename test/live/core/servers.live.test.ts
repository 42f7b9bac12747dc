import { readLedger } from '../../support/ledger';
import { checkLog } from '../../support/log-check';
import { readLog } from '../../support/log-contents';
import { attachedStack } from '../../support/project';
import { announceSeed } from '../../support/random';
import { openScenario, type Scenario } from '../../support/scenario';
import { differencesOf, settle, untilLive } from '../../support/settle';
import { waitFor } from '../../support/wait';
import { expectWhole, underChanges } from './whole';

jest.setTimeout(1_200_000);

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

/** Rows that nobody touches again, one after the other: what is lost of them no later change makes good. */
async function insertRows({ source }: Scenario, signal: AbortSignal): Promise<void> {
  for (let n = 1; !signal.aborted; n += 1) {
    await source.query(`insert into entries values ($1::int, 1, 1, 'credit', 'once')`, [6_000_000 + n]);
  }
}

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
      const inserted = new AbortController();
      const inserting = insertRows(scenario, inserted.signal);
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
      inserted.abort();
      await inserting;
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
