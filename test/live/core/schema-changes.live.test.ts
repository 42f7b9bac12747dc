import type { StoreStatus } from '../../../model/status';
import { replicaExpectations, searchExpectations, type Expectation } from '../../support/expectations';
import { openScenario, type Scenario, type SideTables } from '../../support/scenario';
import { differencesOf, settle, untilLive, type StoreExpectations } from '../../support/settle';
import { waitFor } from '../../support/wait';

jest.setTimeout(600_000);

/** The expectations of one table, with its columns as they are now. */
function changed(
  all: readonly Expectation[],
  table: string,
  columns: (before: Expectation['columns']) => Expectation['columns'],
): readonly Expectation[] {
  return all.map((each) => (each.table === table ? { ...each, columns: columns(each.columns) } : each));
}

/** Rows that no change tells of come with the copy, after everything that was written: so this is waited for. */
async function untilEqual(scenario: Scenario, expectations: StoreExpectations): Promise<void> {
  await settle(scenario, 60);
  await waitFor({
    what: `the stores of ${scenario.name} to hold what the source holds`,
    seconds: 60,
    everyMs: 500,
    conclusive: true,
    look: () => differencesOf(scenario, expectations),
    until: (differences) => differences.length === 0,
    evidence: () => scenario.evidence(),
  });
}

async function untilBlocked(scenario: Scenario, store: string): Promise<StoreStatus['problem']> {
  const seen = await waitFor({
    what: `${store} of ${scenario.name} to be BLOCKED`,
    seconds: 60,
    everyMs: 200,
    look: async () => (await scenario.status()).stores[store],
    until: (status) => status?.status === 'BLOCKED',
    evidence: () => scenario.evidence(),
  });
  return seen?.problem ?? null;
}

/** Of three partitions: one will be dropped, one truncated. */
const visits: SideTables = {
  names: ['public.visits'],
  statements: [
    'create table visits (visit int, room int, seen text, primary key (visit, room)) partition by list (room)',
    ...[1, 2, 3].map((room) => `create table visits_${room} partition of visits for values in (${room})`),
    `insert into visits select n, 1 + n % 3, 'seen ' || n from generate_series(1, 600) n`,
  ],
  replica: { 'public.visits': {} },
  search: { 'public.visits': {} },
};
const visitsExpected: Expectation = {
  ...{ target: 'visits', table: 'visits', key: ['visit', 'room'], where: 'true' },
  columns: { visit: 'visit', room: 'room', seen: 'seen' },
};

it('columns and partitions come and go under both stores: each follows or says rebuild, and neither stops the other', async () => {
  const scenario = await openScenario({ sideTables: visits });
  const { source, replica, schema } = scenario;
  try {
    await scenario.startWorker();
    await scenario.startSync();
    await untilLive(scenario, 60);

    // Followed: one column that is NULL in every row, one that came with a value in each.
    await source.query('alter table entries add column remark text');
    await source.query(`update entries set remark = 'seen' where id % 7 = 0`);
    await source.query(`alter table entries add column grade int not null default 3`);
    const entries = (before: Expectation['columns']) => ({ ...before, remark: 'remark', grade: 'grade' });
    const followed = {
      replica: [...changed(replicaExpectations, 'entries', entries), visitsExpected],
      search: [...changed(searchExpectations, 'entries', entries), visitsExpected],
    };
    // Rows that go without a word in the stream.
    await source.query('drop table visits_2');
    await source.query('truncate visits_3');
    await source.query(`update visits set seen = 'again' where visit % 5 = 0`);
    await untilEqual(scenario, followed);
    await untilLive(scenario, 60);

    // The replica takes every column of accounts, the index three that stay.
    await source.query('alter table accounts drop column owner');
    await source.query('update accounts set balance = balance where id = 1');
    const problem = await untilBlocked(scenario, 'replica');
    expect(problem).toMatchObject({
      reason: 'schema-changed',
      message: expect.stringMatching(/owner.*rebuild/s) as string,
    });
    await source.query(`update accounts set balance = balance where id = 2`);
    const { pipeline } = scenario;
    const { search } = pipeline.stores;
    if (!search) throw new Error('the pipeline of this test has no index');
    const alone: Scenario = { ...scenario, pipeline: { ...pipeline, stores: { search } } };
    await untilEqual(alone, { search: followed.search });
    // Readers of the replica have what it held.
    expect(await replica.value(`select count(owner) > 0 from "${schema}".accounts`)).toBe('true');

    // From the beginning of the log, whose oldest records are of none of the present forms.
    await scenario.client.workflow
      .getHandle(`sync/${scenario.name}`)
      .signal('rebuild', { store: 'replica', reason: 'owner is gone' });
    await waitFor({
      what: 'the next generation of the replica',
      seconds: 90,
      everyMs: 200,
      look: async () => (await scenario.status()).stores['replica'],
      until: (status) =>
        status?.status === 'LIVE' && status.generations.some(({ number, role }) => number === 2 && role === 'live'),
      evidence: () => scenario.evidence(),
    });
    await untilEqual(scenario, {
      ...followed,
      replica: changed(followed.replica, 'accounts', ({ owner: _gone, ...rest }) => rest),
    });
  } finally {
    await scenario.close();
  }
});
