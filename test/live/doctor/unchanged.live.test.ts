import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { doctor } from '../../../client/doctor/doctor';
import { isError, type Finding, type PartReport } from '../../../model/finding';
import { testAddress } from '../../support/project';
import { openScenario, type Scenario } from '../../support/scenario';
import { untilLive } from '../../support/settle';
import { waitFor } from '../../support/wait';
import { createWorld, expectTold, type World } from './world';

jest.setTimeout(540_000);

let scenario: Scenario;
/** Another set-up, for what it knows of Kafka and Elasticsearch. */
let world: World;
beforeEach(async () => {
  world = await createWorld();
  scenario = await openScenario({ recordVersions: false });
});
afterEach(async () => {
  await scenario.close();
  await world.close();
});

/** Runs the command as people do, and gives what it printed. */
async function runDoctor(): Promise<{ outcome: string; parts: readonly PartReport[]; findings: readonly Finding[] }> {
  const file = join(mkdtempSync(join(tmpdir(), 'slipstream-doctor-')), 'pipeline.json');
  writeFileSync(file, JSON.stringify(scenario.pipeline));
  const written: string[] = [];
  const environment = {
    TEMPORAL_ADDRESS: scenario.temporalAddress,
    TEMPORAL_NAMESPACE: scenario.namespace,
    KAFKA_BROKERS: scenario.kafka,
    SLIPSTREAM_TASK_QUEUE: scenario.taskQueue,
    SCENARIO_SOURCE_URL: scenario.source.url,
    SCENARIO_REPLICA_URL: scenario.replica.url,
    SCENARIO_SEARCH_URL: testAddress('elasticsearch'),
  };
  const output = { write: (text: string) => written.push(text) };
  const outcome = await doctor({ file, json: true }, { output, environment });
  const { parts } = JSON.parse(written.join('')) as { parts: PartReport[] };
  return { outcome, parts, findings: parts.flatMap(({ findings }) => findings) };
}

/** Everything a pipeline is made of, by name. */
async function everything(): Promise<unknown> {
  const { source, replica, name } = scenario;
  const topics = await world.admin.listTopics();
  const indexes = await world.elasticsearch('GET', `_cat/indices/${name}*?format=json&h=index`);
  return {
    publications: await source.query('select pubname from pg_publication order by 1'),
    slots: await source.query('select slot_name from pg_replication_slots where database = $1 order by 1', [
      source.name,
    ]),
    identities: await source.query(`select relname, relreplident from pg_class where relkind = 'r' order by 1, 2`),
    schemas: await replica.query('select nspname from pg_namespace order by 1'),
    relations: await replica.query('select relname, relnamespace::regnamespace::text from pg_class order by 1, 2'),
    topics: topics.filter((topic) => topic.startsWith(name)).sort(),
    indexes: JSON.stringify(indexes),
  };
}

test('before the first start: nothing is made, and there is no error', async () => {
  const before = await everything();
  const { outcome, findings, parts } = await runDoctor();
  expect(findings.filter(isError)).toEqual([]);
  expect(outcome).toBe('ok');
  expect(parts.map(({ part }) => part)).toEqual([
    'file',
    'source',
    'log',
    'stores.replica',
    'stores.search',
    'temporal',
  ]);
  expect(findings.map(({ code }) => code).sort()).toEqual([
    ...['no-worker', 'no-worker'],
    ...['search-attribute-missing', 'search-attribute-missing', 'search-attribute-missing', 'search-attribute-missing'],
    'wal-kept-without-limit',
  ]);
  expect(await everything()).toEqual(before);
});

test('a pipeline that runs is well, and is not touched; one whose slot is gone is told so', async () => {
  const worker = await scenario.startWorker();
  await scenario.startSync();
  await untilLive(scenario, 90);
  const before = await everything();
  const { outcome, findings } = await runDoctor();
  expect(findings.map(({ code }) => code)).toEqual(['wal-kept-without-limit']);
  expect(outcome).toBe('ok');
  expect(await everything()).toEqual(before);

  await worker.end('SIGTERM');
  await waitFor({
    what: 'the slot to be free, and gone',
    seconds: 30,
    look: () =>
      scenario.source.query(
        'select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = $1',
        [scenario.source.name],
      ),
    until: (rows) => rows.length === 1,
  });
  const lost = await runDoctor();
  expect(lost.outcome).toBe('invalidConfig');
  expectTold(lost.findings, {
    code: 'log-discontinued',
    where: `log ${scenario.name}`,
    cure: 'See slot-lost in docs/operations.md',
  });
});

test('a start fails fast with every finding, and makes nothing', async () => {
  await scenario.startWorker();
  const [search, replica] = [scenario.pipeline.stores['search'], scenario.pipeline.stores['replica']];
  const tables = { 'public.accounts': { select: ['id', 'nowhere_at_all'] } };
  const file = {
    ...scenario.pipeline,
    log: { partitions: 3, replicationFactor: 3 },
    stores: { replica: { ...replica, tables }, search: { ...search, url: { env: 'NOT_SET_AT_ALL' } } },
  };
  const before = await everything();
  const { client, taskQueue, name } = scenario;
  const handle = await client.workflow.start('sync', { workflowId: `sync/${name}`, taskQueue, args: [file] });
  const error: unknown = await handle.result().catch((reason: unknown) => reason);
  if (!(error instanceof WorkflowFailedError)) throw new Error(`expected a failed workflow, got ${String(error)}`);
  expect(error.cause).toMatchObject({ type: 'InvalidConfig' });
  for (const told of ['nowhere_at_all', 'NOT_SET_AT_ALL', 'log.replicationFactor']) {
    expect(error.cause?.message).toContain(told);
  }
  expect(await everything()).toEqual(before);
});
