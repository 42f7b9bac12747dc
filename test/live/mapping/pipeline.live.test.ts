import { describeDifferences } from '../../support/differences';
import { isFound } from '../../support/index-contents';
import { announceSeed, seeded, type Random } from '../../support/random';
import { openScenario, type Scenario } from '../../support/scenario';
import { untilLive, untilRebuilt, untilStoreIs } from '../../support/settle';
import { temporalCli } from '../../support/temporal-cli';
import { waitFor } from '../../support/wait';
import { startWorker, type WorkerProcess } from '../../support/worker-process';
import { compareMembers, membersPipeline, membersSchema } from './members';

jest.setTimeout(600_000);

const tenants = ['a', 'a:1', 'b/c', '%3A', 'ü'];
const states = ['draft', 'active', 'gone'];

async function addMember({ source }: Scenario, random: Random, tenant: string, no: number): Promise<void> {
  const first = random.chance(0.2) ? null : random.pick(['Ann', 'Bo', '{last}', '"']);
  await source.query(`insert into members values ($1, $2, $3, 'Lee', $4, $5, $6, $7, $8) on conflict do nothing`, [
    ...[tenant, no, first, money(random), `2026-02-03 0${random.between(0, 9)}:05:06+05:30`],
    ...[
      ['x', 'y z', 'NULL', '"'].slice(0, random.between(0, 4)),
      JSON.stringify({ n: random.between(0, 9), b: [null, {}] }),
    ],
    random.pick(states),
  ]);
}

/** Around the borders of both predicates; NULL is in neither. */
function money(random: Random): string | null {
  return random.pick([null, '-100.01', '-100.00', '-99.999', '-0.01', '0', '0.00', '12.5']);
}

async function addFirm({ source }: Scenario, random: Random): Promise<void> {
  const founded = random.chance(0.3) ? null : '1900-01-02';
  await source.query(`insert into firms values (gen_random_uuid(), $1, $2)`, [
    random.pick(['One', 'One Two']),
    founded,
  ]);
}

/** Rows enter and leave the predicates, change their keys, are deleted, and all firms at once. */
async function change(scenario: Scenario, random: Random, times: number): Promise<void> {
  const { source } = scenario;
  for (let at = 0; at < times; at += 1) {
    const [tenant, no] = [random.pick(tenants), random.between(1, 12)];
    const where = 'where tenant = $1 and no = $2';
    await random.pick([
      () => source.query(`update members set balance = $3 ${where}`, [tenant, no, money(random)]),
      () => source.query(`update members set state = $3 ${where}`, [tenant, no, random.pick(states)]),
      () => source.query(`update members set no = (select max(no) from members) + 100 ${where}`, [tenant, no]),
      () => source.query(`delete from members ${where}`, [tenant, no]),
      () => addMember(scenario, random, tenant, no),
      () => addFirm(scenario, random),
      () =>
        source.query(
          `update firms set founded = case when founded is null then date '2000-01-01' end where name = 'One'`,
        ),
    ])();
  }
}

/** Every record before it has come through when this one has. */
async function settled(scenario: Scenario, no: number): Promise<void> {
  const { source, replica, schema, alias, elasticsearchUrl } = scenario;
  await source.query(`insert into members values ('last', $1, 'A', 'B', 1, '2026-02-03', '{}', '{}', 'active')`, [no]);
  await waitFor({
    what: 'the last member in both stores',
    seconds: 90,
    everyMs: 200,
    look: async () =>
      (await replica.query(`select from "${schema}".member where tenant = 'last' and no = $1`, [no])).length === 1 &&
      (await isFound(elasticsearchUrl, alias, `m:last:${no}`)),
    until: (seen) => seen,
    evidence: () => scenario.evidence(),
  });
}

async function expectEqual(scenario: Scenario, version: string): Promise<void> {
  const differences = await compareMembers(scenario, version);
  if (differences.length > 0) throw new Error(describeDifferences(differences));
}

test('all that a mapping can say, in both stores, through changes and a changed function', async () => {
  const random = seeded(announceSeed('mapping'));
  const scenario = await openScenario({ recordVersions: false });
  const workers: WorkerProcess[] = [];
  const work = async (version: string) => {
    const environment = { ...scenario.environment, MAPPING_TEST_VERSION: version };
    const logFile = `${scenario.folder}/mapping-${version}.log`;
    workers.push(await startWorker({ environment, logFile, program: 'test/live/mapping/worker.js' }));
  };
  try {
    for (const statement of membersSchema) await scenario.source.query(statement);
    for (const tenant of tenants) for (let no = 1; no <= 12; no += 1) await addMember(scenario, random, tenant, no);
    for (let at = 0; at < 10; at += 1) await addFirm(scenario, random);
    await work('1');
    await scenario.startSync(membersPipeline(scenario));
    await untilLive(scenario, 90);
    await settled(scenario, 1);
    await expectEqual(scenario, '1');

    await change(scenario, random, 400);
    await scenario.source.query('truncate firms');
    // One that no change below touches: there is a document that the function has made.
    await scenario.source.query(`insert into firms values (gen_random_uuid(), 'Two', '1900-01-02')`);
    await change(scenario, random, 100);
    await settled(scenario, 2);
    await expectEqual(scenario, '1');
    // The expectation can tell one version from the other: it would notice a function that was not called again.
    expect(await compareMembers(scenario, '2')).not.toEqual([]);

    await workers[0]?.end('SIGTERM');
    await work('2');
    for (const store of ['replica', 'search']) {
      await untilStoreIs(scenario, store, 'BLOCKED');
      const { problem } = (await scenario.status()).stores[store] ?? {};
      expect(problem).toMatchObject({ reason: 'transform-changed' });
      const input = JSON.stringify({ store, reason: 'describeFirm changed' });
      await temporalCli(scenario, [
        ...['workflow', 'signal', '-w', `sync/${scenario.name}`, '--name', 'rebuild', '--input', input],
      ]);
    }
    for (const store of ['replica', 'search']) await untilRebuilt(scenario, store, 2);
    await settled(scenario, 3);
    await expectEqual(scenario, '2');

    // One record that cannot become its document stops the lanes by default, and is named without what it holds.
    await scenario.source.query(
      `insert into members values ('hidden', 1, 'A', 'B', 'NaN', '2026-02-03', '{}', '{}', 'active')`,
    );
    for (const store of ['replica', 'search']) {
      await untilStoreIs(scenario, store, 'BLOCKED');
      const { problem } = (await scenario.status()).stores[store] ?? {};
      expect(problem).toMatchObject({
        reason: 'unmappable',
        message: expect.stringMatching(
          /public\.members at offset \d+ .*column balance cannot be made the number/,
        ) as string,
      });
      expect(problem?.message).not.toContain('hidden');
    }
  } finally {
    for (const worker of workers) await worker.end('SIGKILL');
    await scenario.close();
  }
});
