import '../../support/load-ahead';
import { announceSeed } from '../../support/random';
import { readLedger } from '../../support/ledger';
import { openScenario } from '../../support/scenario';
import { untilLive, untilStoreIs } from '../../support/settle';
import { waitFor } from '../../support/wait';
import { runWorkload } from '../../support/workload';
import { expectWhole, underChanges } from './whole';

jest.setTimeout(1_200_000);

/** Changes that pass while Elasticsearch is away, at 200/s: until DEGRADED is seen; for a minute with SLIPSTREAM_TEST_FULL. */
const changesMeanwhile = process.env['SLIPSTREAM_TEST_FULL'] ? 12_000 : 0;

it.concurrent(
  'Elasticsearch down under changes: DEGRADED is seen, then LIVE without a hand; the replica goes on meanwhile',
  async () => {
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
  },
);

it.concurrent(
  'an answer to a produce request that never arrives: nothing is lost, nothing stands there twice',
  async () => {
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
  },
);
