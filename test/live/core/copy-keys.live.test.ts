import type { CaptureStatus } from '../../../model/status';
import { openScenario } from '../../support/scenario';
import { announceSeed } from '../../support/random';
import { differencesOf, expectEqual, settle, untilLive } from '../../support/settle';
import { stopwatch } from '../../support/stopwatch';
import { waitFor } from '../../support/wait';
import { runWorkload } from '../../support/workload';

jest.setTimeout(300_000);

it('single rows that a store has lost, or should not have, are mended by their keys while writers go on', async () => {
  const lap = stopwatch('copy of keys');
  const scenario = await openScenario({ stores: ['replica'], recordVersions: false });
  const { source, replica, schema, client, name } = scenario;
  const rest = new AbortController();
  try {
    await scenario.startWorker();
    await scenario.startSync();
    await untilLive(scenario, 90);
    lap('LIVE');
    // Somebody's hand in the store's own tables: no change of the source will ever mend these.
    const entries = `"${schema}_g1".entries`;
    const [lost = {}] = await replica.query(
      `delete from ${entries} where id = (select max(id) from ${entries}) returning id`,
    );
    await replica.query(
      `insert into ${entries} select 77000000, account, amount, kind, note, revision from ${entries} limit 1`,
    );
    const writing = runWorkload({
      ...{
        source,
        seed: announceSeed('copy of keys'),
        changes: 1e9,
        changesPerSecond: 100,
        largest: 50,
        signal: rest.signal,
      },
    });
    await waitFor({
      what: 'writers at work',
      seconds: 30,
      look: () => source.value('select count(*) from ledger'),
      until: (changes) => Number(changes) > 50,
    });
    const key = (id: unknown) => ({ id: String(id) });
    await client.workflow
      .getHandle(`sync/${name}`)
      .signal('copy', { table: 'public.entries', keys: [key(lost['id']), key(77_000_000)] });
    const told = await waitFor({
      what: 'capture to have copied the rows',
      seconds: 60,
      // Asked of capture itself: what is progress and no status, the whole pipeline is told every half minute at most.
      look: async () =>
        (await client.workflow.getHandle(`sync/${name}/capture`).query<CaptureStatus>('status')).progress?.keysCopied ??
        [],
      until: (copied) => copied.length > 0,
      evidence: () => scenario.evidence(),
    });
    lap('told that they are copied');
    rest.abort();
    await writing;
    await settle(scenario, 60);
    await expectEqual(scenario);
    lap('equal');
    expect(told).toMatchObject([{ table: 'public.entries' }]);

    // Control: without an order it stays as it is, however much is written.
    await replica.query(
      `insert into ${entries} select 77000001, account, amount, kind, note, revision from ${entries} limit 1`,
    );
    await settle(scenario, 60);
    expect(await differencesOf(scenario)).toMatchObject([{ kind: 'only in the store', key: '77000001' }]);
    lap('control');
  } finally {
    rest.abort();
    await scenario.close();
  }
});
