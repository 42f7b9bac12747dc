import type { Client } from 'pg';
import type { CaptureStatus } from '../../../model/status';
import { openScenario, type Scenario } from '../../support/scenario';
import { untilLive } from '../../support/settle';
import { waitFor } from '../../support/wait';
import { openPostgres } from './own-server';

jest.setTimeout(300_000);

const limitMegabytes = 96;

const untilCapture = (scenario: Scenario, what: string, until: (capture: CaptureStatus) => boolean) =>
  waitFor({
    what: `capture of ${scenario.name} ${what}`,
    seconds: 60,
    everyMs: 200,
    look: async () => (await scenario.status()).capture,
    until,
    evidence: () => scenario.evidence(),
  });

const slot = async ({ source }: Scenario) => {
  const [row] = await source.query(
    `select wal_status, active, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) / 1024 / 1024 as megabytes
       from pg_replication_slots where database = current_database()`,
  );
  return { walStatus: row?.['wal_status'], active: row?.['active'], megabytes: Number(row?.['megabytes'] ?? 0) };
};

/** WAL of nobody's table, until the slot makes the server keep so much. Lost it can only be at a checkpoint. */
async function fillTo(scenario: Scenario, megabytes: number): Promise<void> {
  while ((await slot(scenario)).megabytes < megabytes) {
    await scenario.source.query(`select pg_logical_emit_message(false, 'filler', repeat('x', 4 * 1024 * 1024))`);
  }
}

/** It has written, so all WAL from here on is kept for as long as it is open. */
async function forgottenTransaction({ source }: Scenario): Promise<Client> {
  const client = await source.connect();
  await client.query('begin; update accounts set owner = owner where id = 1');
  return client;
}

it('a slot in danger is DEGRADED before it is lost, paused or not; lost, it is BLOCKED with the way out', async () => {
  const server = await openPostgres({ max_slot_wal_keep_size: `${limitMegabytes}MB`, max_wal_size: '2GB' });
  const scenario = await openScenario({ sourceServer: server.url, stores: ['search'], recordVersions: false });
  let forgotten: Client | null = null;
  try {
    await scenario.startWorker();
    await scenario.startSync();
    await untilLive(scenario, 90);
    forgotten = await forgottenTransaction(scenario);
    await fillTo(scenario, limitMegabytes * 0.8);
    const atRisk = await untilCapture(scenario, 'to be DEGRADED', ({ status }) => status === 'DEGRADED');
    expect(atRisk.problem).toMatchObject({
      type: 'SlotAtRisk',
      message: expect.stringMatching(/keeps \d+ MB of WAL.*max_slot_wal_keep_size/) as string,
    });
    expect((await slot(scenario)).walStatus).not.toBe('lost');

    const capture = scenario.client.workflow.getHandle(`sync/${scenario.name}/capture`);
    await capture.signal('pause');
    await waitFor({
      what: 'nobody to read the slot',
      seconds: 60,
      look: () => slot(scenario),
      until: ({ active }) => active === false,
    });
    // A pause is what slots are lost by: it does not hide the danger.
    expect(await untilCapture(scenario, 'to have stopped', ({ status }) => status !== 'LIVE')).toMatchObject({
      status: 'DEGRADED',
      problem: { type: 'SlotAtRisk' },
    });

    await fillTo(scenario, limitMegabytes * 1.5);
    await waitFor({
      what: 'the server to give the slot up',
      seconds: 60,
      look: async () => {
        await scenario.source.query(`checkpoint`);
        return slot(scenario);
      },
      until: ({ walStatus }) => walStatus === 'lost',
    });
    await capture.signal('resume');
    const lost = await untilCapture(scenario, 'to be BLOCKED', ({ status }) => status === 'BLOCKED');
    expect(lost.problem).toMatchObject({
      reason: 'slot-lost',
      message: expect.stringMatching(/new pipeline/) as string,
    });
  } finally {
    await forgotten?.end();
    await scenario.close();
    await server.close();
  }
});
