import { judgePublication } from '../../../capture/checks/judge-publication';
import { judgeRefusedReplication, judgeServer } from '../../../capture/checks/judge-server';
import { judgeSlot } from '../../../capture/checks/judge-slot';
import { publicationOf, type ServerFacts } from '../../../capture/checks/source-facts';
import { judgeTemporal, type TemporalFacts } from '../../../client/doctor/judge-temporal';
import type { Finding } from '../../../model/finding';
import { judgeClock } from '../../../model/judge-clock';
import { judgeLogin } from '../../../model/judge-login';
import { judgeCluster } from '../../../stores/elasticsearch/judge';
import type { ClusterFacts } from '../../../stores/elasticsearch/facts';
import { judgeStore } from '../../../stores/postgres/judge';
import type { StoreFacts } from '../../../stores/postgres/facts';
import type { BrokerFacts } from '../../../stream/broker-facts';
import { judgeBrokers, type Wishes } from '../../../stream/judge-brokers';

const codes = (findings: readonly Finding[]) => findings.map(({ code }) => code);

describe('the source’s server', () => {
  const good: ServerFacts = {
    version: '18.4',
    versionNumber: 180_004,
    inRecovery: false,
    walLevel: 'logical',
    encoding: 'UTF8',
    database: 'shop',
    role: 'sync',
    hasReplication: true,
    mayCreate: true,
    slots: { used: 1, allowed: 10 },
    walSenders: { used: 1, allowed: 10 },
    walSenderTimeoutMs: 60_000,
    keptWalMegabytes: 51_200,
    idleSlotTimeoutSeconds: 0,
  };
  const judged = (changes: Partial<ServerFacts>, slotExists = false) =>
    codes(judgeServer({ ...good, ...changes }, { slotExists }));

  test.each<[string, Partial<ServerFacts>, boolean, string[]]>([
    ['control: good', {}, false, []],
    ['an old one', { versionNumber: 130_014 }, false, ['source-version']],
    ['the oldest that will do', { versionNumber: 140_000 }, false, []],
    ['a standby', { inRecovery: true }, false, ['source-standby']],
    ['bytes nobody knows the characters of', { encoding: 'SQL_ASCII' }, false, ['source-encoding']],
    ['characters we can ask for in UTF-8', { encoding: 'LATIN1' }, false, []],
    ['wal_level replica', { walLevel: 'replica' }, false, ['wal-level']],
    ['no slot left', { slots: { used: 10, allowed: 10 } }, false, ['slots-exhausted']],
    ['no slot left, ours among them', { slots: { used: 10, allowed: 10 } }, true, []],
    ['WAL without limit', { keptWalMegabytes: -1 }, false, ['wal-kept-without-limit']],
    ['little WAL', { keptWalMegabytes: 1_023 }, false, ['wal-kept-too-short']],
    ['just enough WAL', { keptWalMegabytes: 1_024 }, false, []],
    ['idle slots given up soon', { idleSlotTimeoutSeconds: 60 }, false, ['wal-kept-too-short']],
    ['a short patience', { walSenderTimeoutMs: 2_000 }, false, ['wal-sender-timeout']],
    ['patience without end', { walSenderTimeoutMs: 0 }, false, []],
  ])('%s', (_, changes, slotExists, expected) => expect(judged(changes, slotExists)).toEqual(expected));

  test.each<[Partial<ServerFacts>, string]>([
    [{ walSenders: { used: 10, allowed: 10 } }, 'wal-senders-exhausted'],
    [{ hasReplication: false }, 'replication-role'],
    [{}, 'replication-refused'],
  ])('replication refused with %j', (changes, code) =>
    expect(judgeRefusedReplication({ ...good, ...changes }, 'no entry in pg_hba.conf').code).toBe(code),
  );
});

describe('the slot', () => {
  const slot = {
    ...{ name: 's', plugin: 'pgoutput', database: 'shop', activePid: null, confirmedLsn: '1' },
    ...{ walStatus: 'reserved', invalidationReason: null },
  };
  const ours = { temporary: false, publication: 'p' };
  const judged = (
    changes: object,
    logBegun: boolean | null,
    holder: object = { publication: null },
    otherOwner: string | null = null,
  ) =>
    codes(
      judgeSlot({
        ...{ name: 's', database: 'shop', publication: 'p', logBegun, otherOwner },
        ...{ slot: { ...slot, ...changes }, holder: { ...ours, ...holder } },
      }),
    );

  test.each<[string, object, boolean | null, object, string[]]>([
    ['of a log that is begun', {}, true, {}, []],
    ['being read by this pipeline', { activePid: 7 }, true, ours, []],
    ['being read by another', { activePid: 7 }, true, { publication: 'q' }, ['slot-in-use']],
    ['being read, and the log not begun', { activePid: 7 }, false, { publication: null }, ['slot-in-use']],
    ['being made', { activePid: 7, confirmedLsn: null }, false, {}, ['slot-without-log']],
    ['there, and the log not begun', {}, false, {}, ['slot-without-log']],
    ['there, and Kafka silent', {}, null, { publication: null }, []],
    ['of another plugin', { plugin: 'wal2json' }, false, {}, ['slot-foreign']],
    ['given up by the server', { walStatus: 'lost' }, false, {}, ['slot-invalid']],
    ['given up by the server, of a log that is begun: capture says BLOCKED', { walStatus: 'lost' }, true, {}, []],
    ['about to lose WAL', { walStatus: 'unreserved' }, true, {}, ['slot-unreserved']],
  ])('%s', (_, changes, logBegun, holder, expected) => expect(judged(changes, logBegun, holder)).toEqual(expected));

  test('of another pipeline, which does not read it now: only a log that is begun already may go on', () => {
    expect(judged({}, false, ours, 'other')).toEqual(['slot-in-use']);
    expect(judged({}, null, ours, 'other')).toEqual(['slot-in-use']);
    expect(judged({}, true, ours, 'other')).toEqual([]);
  });

  test.each([
    [`START_REPLICATION SLOT "s" LOGICAL 0/0 (proto_version '1', publication_names '"p"')`, 'p'],
    [`START_REPLICATION SLOT "s" LOGICAL 0/0 (publication_names '"it''s ""odd"""')`, `it's "odd"`],
    ['<insufficient privilege>', null],
    [null, null],
  ])('%s is read for %s', (command, publication) => expect(publicationOf(command)).toBe(publication));
});

test('a publication of all tables needs nothing but the right operations', () => {
  const publication = {
    ...{ all: true, everything: true, viaRoot: true, owned: false },
    withoutGenerated: new Set<number>(),
    tables: new Map<number, { partial: boolean }>(),
  };
  const input = { name: 'p', role: 'r', database: 'd', mayCreate: false, tables: [] };
  expect(judgePublication({ ...input, publication })).toEqual([]);
  expect(codes(judgePublication({ ...input, publication: { ...publication, viaRoot: false } }))).toEqual([
    'publication-incomplete',
  ]);
});

describe('the brokers', () => {
  const settings = {
    ...{ 'auto.create.topics.enable': 'false', 'min.insync.replicas': '2', 'socket.request.max.bytes': '104857600' },
    ...{ 'transaction.max.timeout.ms': '900000', 'unclean.leader.election.enable': 'false' },
    ...{ 'transaction.state.log.replication.factor': '3', 'transaction.state.log.min.isr': '2' },
    ...{ 'offsets.topic.replication.factor': '3' },
  };
  const cluster: BrokerFacts = { brokers: 3, settings, topics: new Set() };
  const wishes: Wishes = {
    ...{ replicationFactor: 3, transactionTimeoutMs: 15_000, maxMessageBytes: 16_777_216, missing: 2, present: [] },
  };
  const judged = (changes: Partial<BrokerFacts>, wish: Partial<Wishes> = {}) =>
    codes(judgeBrokers({ ...cluster, ...changes }, { ...wishes, ...wish }));
  const set = (changes: Record<string, string>) => ({ settings: { ...settings, ...changes } });
  const small = { maxMessageBytes: 1_048_576 };
  const present = [{ name: 't', partitions: 2, copies: 3, settings: { 'min.insync.replicas': '1' } }];

  test.each<[string, Partial<BrokerFacts>, Partial<Wishes>, string[]]>([
    ['control: good', {}, {}, []],
    ['more copies than brokers', {}, { replicationFactor: 4 }, ['log-replication']],
    ['more copies than brokers, and nothing to be made', {}, { replicationFactor: 4, missing: 0 }, []],
    ['one copy on three brokers', set({ 'min.insync.replicas': '1' }), { replicationFactor: 1 }, ['log-single-copy']],
    ['too many in sync', set({ 'min.insync.replicas': '4' }), {}, ['log-in-sync-high']],
    ['too few in sync', set({ 'min.insync.replicas': '1' }), {}, ['log-in-sync-low']],
    ['a topic with too few in sync', {}, { present, missing: 0 }, ['log-in-sync-low']],
    ['unclean election', set({ 'unclean.leader.election.enable': 'true' }), {}, ['log-unclean-election']],
    ['topics that come by themselves', set({ 'auto.create.topics.enable': 'true' }), {}, ['log-auto-create']],
    ['small requests', set({ 'socket.request.max.bytes': '16777216' }), {}, ['log-request-limit']],
    ['control: small requests, small records', set({ 'socket.request.max.bytes': '4000000' }), small, []],
    ['short transactions', set({ 'transaction.max.timeout.ms': '10000' }), {}, ['log-transactions']],
    ['no transactions', set({ 'transaction.state.log.replication.factor': '5' }), {}, ['log-transactions']],
    ['no groups', set({ 'offsets.topic.replication.factor': '5' }), {}, ['log-groups']],
    [
      'internal topics that are there already',
      {
        ...set({ 'offsets.topic.replication.factor': '5', 'transaction.state.log.replication.factor': '5' }),
        topics: new Set(['__consumer_offsets', '__transaction_state']),
      },
      {},
      [],
    ],
  ])('%s', (_, changes, wish, expected) => expect(judged(changes, wish)).toEqual(expected));
});

describe('stores', () => {
  const cluster: ClusterFacts = {
    product: 'elasticsearch',
    ...{ version: '8.19.4', health: 'green', dataNodes: 3, readOnly: false, missingPrivileges: [], indexes: [] },
  };
  test.each<[string, Partial<ClusterFacts>, string[]]>([
    ['control: good', {}, []],
    ['version 7', { version: '7.17.0' }, ['store-version']],
    ['version 9', { version: '9.2.0' }, []],
    ['version 10', { version: '10.0.0' }, ['store-version']],
    ['OpenSearch 3', { product: 'opensearch', version: '3.0.0' }, []],
    ['OpenSearch 1', { product: 'opensearch', version: '1.3.20' }, ['store-version']],
    ["OpenSearch with one of Elasticsearch's majors", { product: 'opensearch', version: '8.0.0' }, ['store-version']],
    ['a version that may not be known', { version: null }, []],
    ['red', { health: 'red' }, ['store-health-red']],
    ['yellow', { health: 'yellow' }, ['store-health-yellow']],
    ['yellow with one node, which can hold no copies', { health: 'yellow', dataNodes: 1 }, []],
    ['read only', { readOnly: true }, ['store-read-only']],
    ['a user who may not write', { missingPrivileges: ['write'] }, ['store-privilege']],
  ])('Elasticsearch: %s', (_, changes, expected) =>
    expect(codes(judgeCluster({ ...cluster, ...changes }, { pipeline: 'p', store: 's', index: 'i' }))).toEqual(
      expected,
    ),
  );

  const server: StoreFacts = {
    ...{ version: '18.4', versionNumber: 180_004, readOnly: false, database: 'd', role: 'r', mayCreate: true },
    ...{ schema: null, foreignNames: [], generations: [] },
  };
  const ours = { pipeline: 'p', store: 's' };
  test.each<[string, Partial<StoreFacts>, string[]]>([
    ['control: good', {}, []],
    [
      'our own',
      { schema: { mayCreate: true, owner: ours, isGeneration: false }, generations: [{ schema: 'x_g1', owner: ours }] },
      [],
    ],
    ['an old one', { versionNumber: 130_000 }, ['store-version']],
    [
      'a schema that may not be added to',
      { schema: { mayCreate: false, owner: ours, isGeneration: false } },
      ['store-privilege'],
    ],
    ['a generation of another', { schema: { mayCreate: true, owner: null, isGeneration: true } }, ['store-taken']],
  ])('PostgreSQL: %s', (_, changes, expected) =>
    expect(codes(judgeStore({ ...server, ...changes }, { ...ours, schema: 'x' }))).toEqual(expected),
  );
});

describe('Temporal', () => {
  const now = 1_000_000;
  const attributes = { SyncPipeline: 'Keyword', SyncStore: 'Keyword', SyncStatus: 'Keyword', SyncGeneration: 'Int' };
  const polled = { workflow: [now - 60_000], activity: [now - 1_000] };
  const good: TemporalFacts = {
    ...{ namespaceExists: true, attributes, steering: polled, slices: polled, askedAt: now - 10, answeredAt: now },
  };
  test.each<[string, Partial<TemporalFacts>, string[]]>([
    ['control: good', {}, []],
    ['no such namespace', { namespaceExists: false, attributes: null }, ['temporal-namespace']],
    [
      'an attribute of another type',
      { attributes: { ...attributes, SyncGeneration: 'Keyword' } },
      ['search-attribute-type'],
    ],
    [
      'an attribute that is missing',
      { attributes: { ...attributes, SyncStore: undefined } as never },
      ['search-attribute-missing'],
    ],
    ['a worker that has gone', { steering: { workflow: [now - 100_000], activity: [] } }, ['no-worker']],
    ['nobody for slices', { slices: { workflow: [], activity: [] } }, ['no-worker']],
    ['a server ahead of us', { slices: { workflow: [], activity: [now + 60_000] } }, ['clock-skew']],
  ])('%s', (_, changes, expected) =>
    expect(codes(judgeTemporal({ ...good, ...changes }, { namespace: 'n', taskQueue: 'q' }))).toEqual(expected),
  );
});

test.each([
  [0, 0],
  [4_900, 0],
  [60_000, 1],
  [-60_000, 1],
])('a clock that is %d ms off gives %d findings', (ms, count) => {
  expect(judgeClock({ server: 's', serverMs: 1_000 + ms, askedAt: 990, answeredAt: 1_010 })).toHaveLength(count);
});

test.each([
  ['28P01', 'password authentication failed for user "u"', 'source-login'],
  ['28000', 'no pg_hba.conf entry', 'source-login'],
  ['', 'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string', 'source-login'],
  ['3D000', 'database "d" does not exist', 'source-url'],
  ['53300', 'too many connections', 'source-unreachable'],
  ['ENOTFOUND', 'getaddrinfo ENOTFOUND db', 'source-unreachable'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', 'source-url'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames", 'source-url'],
  ['', 'PostgreSQL did not answer, or its connection was lost (CERT_HAS_EXPIRED). It is tried again.', 'source-url'],
])('%s %s is %s', (code, message, expected) => {
  const where = { variable: 'V', address: 'h:1' };
  const own = { url: 'source-url', login: 'source-login', unreachable: 'source-unreachable' } as const;
  expect(judgeLogin({ code, message }, { ...where, codes: own }).code).toBe(expected);
});
