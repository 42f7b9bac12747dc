import { parkedTopic, tableTopic } from '../../../model/names';
import { quietKafka, withAdmin, writeByHand } from '../../support/kafka';
import { readRecords } from '../../support/log-contents';
import { openScenario, type Scenario } from '../../support/scenario';
import { differencesOf, expectEqual, settle, untilLive, untilRebuilt, untilStoreIs } from '../../support/settle';
import { waitFor } from '../../support/wait';
import {
  expectations,
  faultsOf,
  mend,
  parkedIn,
  parkedLines,
  parking,
  refuse,
  send,
  toldOf,
  untilParked,
} from './parking-world';

jest.setTimeout(600_000);

/** The wait for a slice that nobody reports on is what such tests are long of. */
const slice = { seconds: 2, heartbeatSeconds: 3 };

// One pipeline, and its life: each test goes on where the one before it ended.
describe('a pipeline whose stores park', () => {
  let scenario: Scenario;
  beforeAll(async () => {
    scenario = await openScenario({ slice });
    await scenario.startWorker();
    await scenario.startSync(parking(scenario));
    await untilLive(scenario, 90);
  });
  afterAll(() => scenario.close());

  /** It may park more than the live one has: read in larger pieces, the log shows more records of a row at once. */
  async function acceptBuild(store: string, number: number): Promise<void> {
    await waitFor({
      what: `generation ${number} of ${store} to be built`,
      seconds: 60,
      everyMs: 100,
      look: async () => (await scenario.status()).stores[store]?.generations ?? [],
      until: (all) => all.some((one) => one.number === number),
      evidence: () => scenario.evidence(),
    });
    await send(scenario, 'parked', { store, action: 'accept' });
    await untilRebuilt(scenario, store, number);
  }

  it('what a store refuses waits with all later changes of its row, over kill -9, and goes through once the store is mended', async () => {
    const { source } = scenario;
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
    const behind = await differencesOf(scenario, expectations);
    expect(behind).toHaveLength(1);
    expect(JSON.stringify(behind)).toMatch(/accounts/);

    await scenario.workers[0]?.end('SIGKILL');
    await scenario.startWorker();
    await source.query(`update accounts set balance = balance where id in (5, 6)`);
    await settle(scenario, 60);
    await untilParked(scenario, 'replica', 3);
    expect(await differencesOf(scenario, expectations)).toHaveLength(1);
    await untilLive(scenario, 60);
    const [told] = await toldOf(scenario, 'replica');
    expect(told).toMatchObject({
      reason: 'unstorable',
      message: expect.stringMatching(/accounts at offset \d+ \(id = 5\)/) as string,
    });
    expect(JSON.stringify(await toldOf(scenario, 'replica'))).not.toMatch(/poison'|sound too/);

    await mend(scenario);
    await send(scenario, 'parked', { store: 'replica', action: 'retry' });
    await untilParked(scenario, 'replica', 0);
    await settle(scenario, 60);
    await expectEqual(scenario, expectations);
  });

  it('what cannot be read, what the mapping makes nothing of, what Elasticsearch refuses: each holds back its own row, and a retry that fails again changes nothing but how often it was tried', async () => {
    const { source, kafka } = scenario;
    const topic = tableTopic(scenario.name, 'public.accounts');
    // As from a newer version: the record of a row, with our header and key, and a value that nobody here can read.
    const [known] = await readRecords(kafka, [topic], (record) => (record.key?.includes('"9"') ? record : null));
    const { partition = 0, key = null, headers = {} } = known ?? {};
    await writeByHand(quietKafka('stranger', [kafka]), topic, { partition, key, headers, value: 'of a newer version' });
    await source.query(`update accounts set owner = 'behind the stranger', balance = 2000 where id = 9`);
    await source.query(`update documents set rating = 'NaN' where title like 'document 1 %'`);
    // Beyond the field's 32 bits: the mapping carries it, and the index alone knows that it cannot be.
    await source.query(`update accounts set balance = 3000000000 where id = 7`);
    await settle(scenario, 60);

    const found = (await faultsOf(scenario, 'search')).filter(({ row }) => !row?.startsWith('region'));
    expect(found).toMatchObject([
      { row: expect.stringMatching(/^id = 2[0-9a-f]{7}-/) as string, reason: 'unmappable', attempts: 1 },
      { row: 'id = 7', reason: 'unstorable', attempts: 1 },
      { row: 'id = 9', reason: 'undecodable', attempts: 1 },
    ]);
    expect((await faultsOf(scenario, 'replica')).map(({ row, reason }) => [row, reason])).toEqual([
      ['id = 9', 'undecodable'],
    ]);
    const rows = (await differencesOf(scenario, expectations)).map(({ target, key }) => `${target} ${key}`).sort();

    for (const { key } of found) await send(scenario, 'parked', { store: 'search', action: 'retry', key });
    await waitFor({
      what: 'three rows to be tried a second time',
      seconds: 60,
      everyMs: 200,
      look: async () => (await faultsOf(scenario, 'search')).filter(({ row }) => !row?.startsWith('region')),
      until: (all) => all.every(({ attempts }) => attempts === 2),
      evidence: () => scenario.evidence(),
    });
    const after = await faultsOf(scenario, 'search');
    for (const before of found) expect(after).toContainEqual({ ...before, attempts: 2 });
    expect((await differencesOf(scenario, expectations)).map(({ target, key }) => `${target} ${key}`).sort()).toEqual(
      rows,
    );
    expect(rows).toHaveLength(4);
  });

  it('a generation that is built parks for itself, and nothing is left on the topic of one that is dropped', async () => {
    const before = await parkedLines(scenario, 'search');
    expect(new Set(before.map(({ generation }) => generation))).toEqual(new Set([1]));
    await send(scenario, 'rebuild', { store: 'search', reason: 'to see what stays parked' });
    await acceptBuild('search', 2);
    await waitFor({
      what: 'the topic to speak of generation 2 alone',
      seconds: 30,
      everyMs: 200,
      look: async () => [...new Set((await parkedLines(scenario, 'search')).map(({ generation }) => generation))],
      until: (generations) => generations.join() === '2',
      evidence: () => scenario.evidence(),
    });
    const reasons = (await faultsOf(scenario, 'search')).map(({ reason }) => reason);
    expect(reasons).toEqual(expect.arrayContaining(['unstorable', 'undecodable', 'unmappable']));
    expect(parkedIn((await scenario.status()).stores['search']).records).toBe(
      (await parkedLines(scenario, 'search')).length,
    );
  });

  it('corrected at the source, a row goes on: behind a record that is skipped, or by a retry, in which the last write wins', async () => {
    const { source } = scenario;
    await source.query(`update documents set rating = 4 where title like 'document 1 %'`);
    await source.query(`update accounts set balance = 1000 where id = 7`);
    await settle(scenario, 60);
    for (const store of ['search', 'replica']) {
      for (const { row, reason, key, offset } of await faultsOf(scenario, store)) {
        // The row that no index can hold is gone at the source: nothing of it is worth keeping.
        const whole = row?.startsWith('region') ?? false;
        if (reason === 'unstorable' && !whole) continue;
        await send(scenario, 'parked', { store, action: 'skip', key, offset: whole ? 'all' : offset });
      }
    }
    await send(scenario, 'parked', { store: 'search', action: 'retry' });
    await untilParked(scenario, 'search', 0);
    await untilParked(scenario, 'replica', 0);
    await expectEqual(scenario, expectations);
  });

  it('a topic of parked records that somebody deletes blocks its store and is not made again; a rebuild is the way out', async () => {
    const { source, kafka, name } = scenario;
    const topic = parkedTopic(name, 'replica');
    await refuse(scenario);
    await source.query(`update accounts set owner = 'poison' where id = 5`);
    await untilParked(scenario, 'replica', 1);
    // With its memory gone: what is left is what the workflow and the store know.
    await scenario.workers[1]?.end('SIGKILL');
    const admin = quietKafka('vandal', [kafka]);
    await withAdmin(admin, (open) => open.deleteTopics({ topics: [topic] }));
    await scenario.startWorker();
    await untilStoreIs(scenario, 'replica', 'BLOCKED');
    const { problem } = (await scenario.status()).stores['replica'] ?? {};
    expect(problem).toMatchObject({ reason: 'log-truncated', message: expect.stringContaining(topic) as string });
    expect(await withAdmin(admin, (open) => open.listTopics())).not.toContain(topic);

    await source.query(`update accounts set owner = 'sound' where id = 5`);
    await send(scenario, 'rebuild', { store: 'replica', reason: 'its parked records are lost' });
    await acceptBuild('replica', 2);
    // The log still has what nobody can read.
    for (const { key, offset } of await faultsOf(scenario, 'replica')) {
      await send(scenario, 'parked', { store: 'replica', action: 'skip', key, offset });
    }
    await untilParked(scenario, 'replica', 0);
    await settle(scenario, 60);
    await expectEqual(scenario, expectations);
  });
});

it('a store that refuses every record is BLOCKED, and at most as many as allowed are set aside', async () => {
  const scenario = await openScenario({ stores: ['replica'], slice });
  const { source } = scenario;
  try {
    await scenario.startWorker();
    await scenario.startSync(parking(scenario, 3));
    await untilLive(scenario, 90);
    await refuse(scenario);
    await source.query(`update accounts set owner = 'poison' where id <= 10`);
    await untilStoreIs(scenario, 'replica', 'BLOCKED');
    const blocked = (await scenario.status()).stores['replica'];
    expect(blocked?.problem).toMatchObject({ reason: 'too-much-poison' });
    expect(parkedIn(blocked).records).toBeLessThanOrEqual(3);
    await mend(scenario);
    await send(scenario, 'retry', { store: 'replica' });
    await settle(scenario, 60);
    await expectEqual(scenario);
  } finally {
    await scenario.close();
  }
});
