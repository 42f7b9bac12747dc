import '../../support/load-ahead';
import type { PipelineStatus, Problem } from '../../../model/status';
import { isFound } from '../../support/index-contents';
import { quietKafka } from '../../support/kafka';
import { deleteRecords, recreateTopic } from '../../support/log-damage';
import { announceSeed } from '../../support/random';
import { openScenario, type Scenario } from '../../support/scenario';
import { untilLive } from '../../support/settle';
import { waitFor } from '../../support/wait';
import { runWorkload } from '../../support/workload';

jest.setTimeout(540_000);

/** Damage is done while no worker runs; the next one must say what it found and touch nothing. */
async function afterDamage(damage: (scenario: Scenario) => Promise<void>): Promise<Scenario> {
  const scenario = await openScenario();
  const worker = await scenario.startWorker();
  await scenario.startSync();
  await untilLive(scenario, 90);
  await worker.end('SIGTERM');
  await damage(scenario);
  await scenario.startWorker();
  return scenario;
}

const blocked = (
  scenario: Scenario,
  where: (status: PipelineStatus) => { problem: Problem | null; status: string } | undefined,
) =>
  waitFor({
    what: `${scenario.name} to be BLOCKED`,
    seconds: 60,
    everyMs: 200,
    look: async () => where(await scenario.status()),
    until: (seen) => seen?.status === 'BLOCKED',
    evidence: () => scenario.evidence(),
  });

/** What readers see of a table that nobody may have skipped into. */
const rowsOf = async ({ replica, schema }: Scenario) =>
  Number(await replica.value(`select count(*) from "${schema}".entries`));

it.concurrent('the log cut below a lane: BLOCKED log-truncated, and nothing is skipped', async () => {
  const seed = announceSeed('log cut');
  const scenario = await openScenario();
  try {
    const worker = await scenario.startWorker();
    await scenario.startSync();
    await untilLive(scenario, 90);
    const sync = scenario.client.workflow.getHandle(`sync/${scenario.name}`);
    await sync.signal('pause', { store: 'replica' });
    // PAUSED is said at once; what is about to be cut must not be read by a slice that has yet to hear of it.
    const lane = scenario.client.workflow.getHandle(`sync/${scenario.name}/replica`);
    await waitFor({
      what: 'the replica to pause, and its slice to have ended',
      seconds: 30,
      look: async () => ({
        status: (await scenario.status()).stores['replica']?.status,
        slices: (await lane.describe()).raw.pendingActivities?.length ?? 0,
      }),
      until: ({ status, slices }) => status === 'PAUSED' && slices === 0,
    });
    await runWorkload({ source: scenario.source, seed, changes: 500, largest: 0 });
    const marker = await scenario.source.query(`insert into entries values (-66, 1, 1, 'fee', 'cut') returning id`);
    expect(marker).toHaveLength(1);
    await waitFor({
      what: 'the changes to be on the log, by the other store',
      seconds: 30,
      look: () => isFound(scenario.elasticsearchUrl, scenario.alias, 'entries/-66'),
      until: (there) => there,
    });
    // A worker that lives has them in its hands already: its consumer stays warm for a while.
    await worker.end('SIGTERM');
    const before = await rowsOf(scenario);
    for (const topic of scenario.topics) await deleteRecords(quietKafka('damage'), topic);
    await scenario.startWorker();
    await sync.signal('resume', { store: 'replica' });
    const seen = await blocked(scenario, ({ stores }) => stores['replica']);
    expect(seen?.problem?.reason).toBe('log-truncated');
    expect(await rowsOf(scenario)).toBe(before);
  } finally {
    await scenario.close();
  }
});

it.concurrent('the slot dropped: BLOCKED slot-lost', async () => {
  const scenario = await afterDamage(async ({ source }) => {
    await waitFor({
      what: 'the slot to be free, and gone',
      seconds: 30,
      look: () =>
        source.query(`select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = $1`, [
          source.name,
        ]),
      until: (rows) => rows.length === 1,
    });
  });
  try {
    const { problem } = (await blocked(scenario, ({ capture }) => capture)) ?? {};
    expect(problem?.reason).toBe('slot-lost');
    expect(problem?.message).toContain('slot');
  } finally {
    await scenario.close();
  }
});

it.concurrent('a topic recreated: BLOCKED log-replaced, in capture or in the lane that reads it', async () => {
  const scenario = await afterDamage(({ topics }) => recreateTopic(quietKafka('damage'), topics[0] ?? '', 3));
  try {
    const seen = await blocked(scenario, ({ capture, stores }) =>
      [capture, ...Object.values(stores)].find(({ status }) => status === 'BLOCKED'),
    );
    expect(seen?.problem?.reason).toBe('log-replaced');
  } finally {
    await scenario.close();
  }
});
