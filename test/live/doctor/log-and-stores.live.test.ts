import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { quietKafka, writeByHand } from '../../support/kafka';
import { createRole, createWorld, expectTold, type Told, type World } from './world';

jest.setTimeout(180_000);

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

type Broken = readonly [name: string, breakIt: (world: World) => Promise<unknown>, told: Told];

const topicOf = (w: World) => `${w.name}.public.orders`;
const whole = { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': '86400000', 'delete.retention.ms': '86400000' };

/** A topic as capture makes it, but for what is said. */
async function makeTopic(
  w: World,
  changes: { partitions?: number; settings?: Record<string, string> } = {},
  topic = topicOf(w),
) {
  const configEntries = Object.entries({ ...whole, ...changes.settings }).map(([name, value]) => ({ name, value }));
  await w.admin.createTopics({
    waitForLeaders: true,
    topics: [{ topic, numPartitions: changes.partitions ?? 2, configEntries }],
  });
  w.later(() => w.admin.deleteTopics({ topics: [topic] }));
}

async function makeIndex(w: World, index: string, body: object = {}) {
  await w.elasticsearch('PUT', index, body);
  w.later(() => w.elasticsearch('DELETE', index));
}

/** As the adapter makes it, as far as a check looks. */
const ours = (w: World, properties: object = {}) => ({
  mappings: {
    _meta: { format: 1, pipeline: w.name, store: 'search', generation: 1, definition: w.pipeline().stores['search'] },
    properties,
  },
});

async function answerEverything(w: World, status: number): Promise<void> {
  const server = createServer((_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  w.later(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  w.environment['SEARCH_URL'] = `http://elastic:hush@127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const log: Broken[] = [
  [
    'a broker that is not there',
    async (w) => (w.kafkaBrokers = ['127.0.0.1:1']),
    { code: 'log-unreachable', where: 'KAFKA_BROKERS (127.0.0.1:1)', cure: 'set KAFKA_BROKERS' },
  ],
  [
    'more copies than brokers',
    async (w) => (w.file = { ...w.file, log: { replicationFactor: 3 } }),
    { code: 'log-replication', where: 'log.replicationFactor', cure: 'Set it to 1' },
  ],
  [
    'a topic with another number of partitions',
    (w) => makeTopic(w, { partitions: 3 }),
    { code: 'topic-partitions', where: '.public.orders', cure: 'Set log.partitions to 3' },
  ],
  [
    'a topic that deletes',
    (w) => makeTopic(w, { settings: { 'cleanup.policy': 'delete' } }),
    { code: 'topic-forgets', where: '.public.orders', cure: '--add-config cleanup.policy=compact' },
  ],
  [
    'a topic that forgets deletes before the window is over',
    (w) => makeTopic(w, { settings: { 'delete.retention.ms': '1000' } }),
    { code: 'topic-forgets', where: '.public.orders', cure: '--add-config delete.retention.ms=86400000' },
  ],
  [
    'a topic for small records',
    (w) => makeTopic(w, { settings: { 'max.message.bytes': '100000' } }),
    { code: 'topic-too-small', where: '.public.orders', cure: '--add-config max.message.bytes=' },
  ],
  [
    'a topic for smaller records than are declared',
    (w) => makeTopic(w, { settings: { 'max.message.bytes': '2000000' } }),
    { code: 'topic-below-limit', where: '.public.orders', cure: '--add-config max.message.bytes=16777216' },
  ],
  [
    'a topic that asks for more copies in sync than it has',
    (w) => makeTopic(w, { settings: { 'min.insync.replicas': '2' } }),
    { code: 'log-in-sync-high', where: '.public.orders', cure: '--add-config min.insync.replicas=1' },
  ],
  [
    'a topic that may elect a broker that was behind',
    (w) => makeTopic(w, { settings: { 'unclean.leader.election.enable': 'true' } }),
    { code: 'log-unclean-election', where: '.public.orders', cure: 'unclean.leader.election.enable=false' },
  ],
  [
    'a topic that somebody else writes to',
    async (w) => {
      await makeTopic(w);
      await writeByHand(quietKafka('stranger', w.kafkaBrokers), topicOf(w), { key: 'k', value: 'v' });
    },
    { code: 'topic-foreign', where: '.public.orders', cure: 'another log.prefix' },
  ],
];

/** The topic of what `search` parks, by its policy. */
async function makeParkedTopic(w: World, settings: Record<string, string>, partitions = 1) {
  w.changeStore('search', { poison: { store: 'park' } });
  await makeTopic(w, { settings, partitions }, `${w.name}.search.parked`);
}

const parked: Broken[] = [
  [
    'parked records that Kafka would delete',
    (w) => makeParkedTopic(w, { 'cleanup.policy': 'delete' }),
    { code: 'topic-forgets', where: '.search.parked', cure: '--add-config cleanup.policy=compact' },
  ],
  [
    'parked records on more than one partition',
    (w) => makeParkedTopic(w, {}, 2),
    { code: 'topic-partitions', where: '.search.parked', cure: 'log.prefix' },
  ],
  [
    'a topic that takes the largest record, but not together with why it is parked',
    (w) => makeParkedTopic(w, { 'max.message.bytes': '16777216' }),
    { code: 'topic-below-limit', where: '.search.parked', cure: '--add-config max.message.bytes=16842752' },
  ],
];

const postgres: Broken[] = [
  [
    'a schema of another store',
    ({ sql, name }) =>
      sql(`create schema "${name}";
           create table "${name}"._slipstream_live (pipeline text, store text, number bigint);
           insert into "${name}"._slipstream_live values ('shop', 'replica', 1)`),
    { code: 'store-taken', where: 'schema doctor_', cure: 'Set stores.replica.schema to another name' },
  ],
  [
    'a table where a view must go',
    ({ sql, name }) => sql(`create schema "${name}"; create table "${name}".orders (id int)`),
    { code: 'store-taken', where: '.orders', cure: 'Or rename what is there' },
  ],
  [
    'a schema named like a generation',
    ({ sql, name }) => sql(`create schema "${name}_g1"`),
    { code: 'store-taken', where: '_g1', cure: 'Set stores.replica.schema to another name' },
  ],
  [
    'a role that may not create schemas',
    async (w) => (w.environment['REPLICA_URL'] = w.urlOf(await createRole(w))),
    { code: 'store-privilege', where: 'database doctor_', cure: 'grant create on database "doctor_' },
  ],
  [
    'a role that may only read',
    async (w) => {
      const role = await createRole(w);
      await w.sql(`alter role ${role} set default_transaction_read_only = on`);
      w.environment['REPLICA_URL'] = w.urlOf(role);
    },
    { code: 'store-read-only', where: 'stores.replica.url', cure: 'a server that takes writes' },
  ],
  [
    'a role that is not there',
    async (w) => (w.environment['REPLICA_URL'] = w.urlOf('nobody_at_all')),
    { code: 'store-login', where: 'REPLICA_URL', cure: 'REPLICA_URL' },
  ],
  [
    'a server that is not there',
    async (w) => (w.environment['REPLICA_URL'] = 'postgres://u:hush@127.0.0.1:1/d'),
    { code: 'store-unreachable', where: 'REPLICA_URL (127.0.0.1:1)', cure: 'Start the server' },
  ],
  [
    'an address of another kind',
    async (w) => (w.environment['REPLICA_URL'] = 'http://127.0.0.1:1'),
    { code: 'store-url', where: 'REPLICA_URL', cure: 'postgres://user:password@host:port/database' },
  ],
];

const elasticsearch: Broken[] = [
  [
    'an index with the name of the alias',
    (w) => makeIndex(w, w.name),
    { code: 'store-taken', where: 'index doctor_', cure: 'Or run: DELETE /doctor_' },
  ],
  [
    'an alias of somebody else',
    (w) => makeIndex(w, `${w.name}-theirs`, { aliases: { [w.name]: {} } }),
    { code: 'store-taken', where: '-theirs', cure: 'POST /_aliases' },
  ],
  [
    'an index with a foreign mapping',
    (w) => makeIndex(w, `${w.name}-g1`, { mappings: { properties: { title: { type: 'keyword' } } } }),
    { code: 'store-taken', where: '-g1', cure: 'Set stores.search.index to another name' },
  ],
  [
    'an index whose fields were changed',
    (w) => makeIndex(w, `${w.name}-g1`, ours(w, { id: { type: 'keyword' } })),
    { code: 'store-fields-differ', where: '-g1', cure: 'slipstream rebuild' },
  ],
  [
    'an index that a full disk has blocked',
    (w) => makeIndex(w, `${w.name}-g1`, { ...ours(w), settings: { 'index.blocks.read_only_allow_delete': true } }),
    { code: 'store-read-only', where: '-g1', cure: '"index.blocks.read_only_allow_delete": null' },
  ],
  [
    'two tables that give one field two types',
    async (w) => {
      const tables = {
        'public.orders': { rename: { total: 'name' } },
        'public.products': { rename: { title: 'name' } },
      };
      w.changeStore('search', { tables });
    },
    { code: 'store-fields', where: 'stores.search.tables.public.products.title', cure: 'rename one of them' },
  ],
  [
    'a cluster that is not there',
    async (w) => (w.environment['SEARCH_URL'] = 'http://elastic:hush@127.0.0.1:1'),
    { code: 'store-unreachable', where: 'SEARCH_URL (127.0.0.1:1)', cure: 'Start the cluster' },
  ],
  [
    'a user who is refused',
    (w) => answerEverything(w, 401),
    { code: 'store-login', where: 'SEARCH_URL', cure: 'Correct user and password in SEARCH_URL' },
  ],
  [
    'a server that is no Elasticsearch',
    (w) => answerEverything(w, 200),
    { code: 'store-kind', where: 'SEARCH_URL', cure: 'Correct SEARCH_URL' },
  ],
  [
    'an address of another kind',
    async (w) => (w.environment['SEARCH_URL'] = 'hush'),
    { code: 'store-url', where: 'SEARCH_URL', cure: 'https://user:password@host:port' },
  ],
];

test.each([...log, ...parked, ...postgres, ...elasticsearch])('%s', async (_, breakIt, told) => {
  await breakIt(world);
  const findings = await world.findings();
  expectTold(findings, told);
  expect(JSON.stringify(findings)).not.toContain('hush');
});
