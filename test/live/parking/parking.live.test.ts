import type { PipelineFile } from '../../../model/pipeline';
import type { Problem, StoreStatus } from '../../../model/status';
import { openScenario, type Scenario } from '../../support/scenario';
import { differencesOf, expectEqual, settle, untilLive } from '../../support/settle';
import { waitFor } from '../../support/wait';

jest.setTimeout(600_000);

/** The pipeline of the scenario, with both stores parking what they refuse. */
function parking({ pipeline }: Scenario, maxParked = 50): PipelineFile {
  const poison = { decode: 'park', map: 'park', store: 'park', maxParked } as const;
  const stores = Object.entries(pipeline.stores).map(([name, store]) => [name, { ...store, poison }] as const);
  return { ...pipeline, stores: Object.fromEntries(stores) };
}

const parkedIn = (status: StoreStatus | undefined) =>
  status?.generations.find(({ role }) => role === 'live')?.progress?.parked ?? { records: 0, rows: 0 };

function untilParked(scenario: Scenario, store: string, records: number): Promise<unknown> {
  return waitFor({
    what: `${records} parked records of ${store}`,
    seconds: 60,
    everyMs: 200,
    look: async () => parkedIn((await scenario.status()).stores[store]),
    until: (parked) => parked.records === records,
    evidence: () => scenario.evidence(),
  });
}

const order = (scenario: Scenario, message: object) =>
  scenario.client.workflow.getHandle(`sync/${scenario.name}`).signal('parked', message);

async function faults(scenario: Scenario, store: string): Promise<readonly Problem[]> {
  const all = await scenario.client.workflow
    .getHandle(`sync/${scenario.name}/${store}`)
    .query<readonly Problem[]>('errors');
  return all.filter(({ type }) => type === 'Parked');
}

/** From now on the replica's first generation takes no such owner. */
const refuse = ({ replica, schema }: Scenario) =>
  replica.query(`alter table "${schema}_g1".accounts add constraint sound check (owner not like 'poison%')`);
const mend = ({ replica, schema }: Scenario) =>
  replica.query(`alter table "${schema}_g1".accounts drop constraint sound`);

it('what a store refuses waits with all later changes of its row, over kill -9, and goes through once the store is mended', async () => {
  const scenario = await openScenario();
  const { source } = scenario;
  try {
    const worker = await scenario.startWorker();
    await scenario.startSync(parking(scenario));
    await untilLive(scenario, 90);
    await refuse(scenario);

    // One transaction of good and bad rows; then a later, sound change of a row that is parked by then.
    await source.query(`update accounts set owner = case when id = 5 then 'poison' else 'sound' end where id <= 20`);
    await settle(scenario, 60);
    await source.query(`update accounts set owner = 'sound too' where id = 5`);
    // A row that no index can hold: its id would be too long. Changed, and gone again.
    await source.query(`insert into vaults (region, number, label, balance) values (repeat('x', 600), 1, 'long', 0)`);
    await source.query(`update vaults set label = 'longer' where number = 1 and length(region) = 600`);
    await source.query(`delete from vaults where number = 1 and length(region) = 600`);
    await settle(scenario, 60);
    await untilParked(scenario, 'replica', 2);

    const behind = await differencesOf(scenario);
    expect(behind).toHaveLength(1);
    expect(JSON.stringify(behind)).toMatch(/accounts/);

    await worker.end('SIGKILL');
    await scenario.startWorker();
    await source.query(`update accounts set balance = balance where id in (5, 6)`);
    await settle(scenario, 60);
    await untilParked(scenario, 'replica', 3);
    expect(await differencesOf(scenario)).toHaveLength(1);
    await untilLive(scenario, 60);
    const [fault] = await faults(scenario, 'replica');
    expect(fault).toMatchObject({
      reason: 'unstorable',
      message: expect.stringMatching(/accounts at offset \d+ \(id = 5\)/) as string,
    });
    expect(JSON.stringify(await faults(scenario, 'replica'))).not.toMatch(/poison'|sound too/);

    await mend(scenario);
    await order(scenario, { store: 'replica', action: 'retry' });
    await untilParked(scenario, 'replica', 0);
    await settle(scenario, 60);
    await expectEqual(scenario);
  } finally {
    await scenario.close();
  }
});

it('a store that refuses every record is BLOCKED, and at most as many as allowed are set aside', async () => {
  const scenario = await openScenario({ stores: ['replica'] });
  const { source } = scenario;
  try {
    await scenario.startWorker();
    await scenario.startSync(parking(scenario, 3));
    await untilLive(scenario, 90);
    await refuse(scenario);
    await source.query(`update accounts set owner = 'poison' where id <= 10`);
    const blocked = await waitFor({
      what: 'the replica to be BLOCKED',
      seconds: 60,
      everyMs: 200,
      look: async () => (await scenario.status()).stores['replica'],
      until: (status) => status?.status === 'BLOCKED',
      evidence: () => scenario.evidence(),
    });
    expect(blocked?.problem).toMatchObject({ reason: 'too-much-poison' });
    expect(parkedIn(blocked).records).toBeLessThanOrEqual(3);
    await mend(scenario);
    await scenario.client.workflow.getHandle(`sync/${scenario.name}`).signal('retry', { store: 'replica' });
    await settle(scenario, 60);
    await expectEqual(scenario);
  } finally {
    await scenario.close();
  }
});
