import { mkdtempSync, chmodSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { checkTemporal } from '../../../client/doctor/check-temporal';
import { atStart } from '../../../model/finding';
import { parseSettings } from '../../../model/settings';
import { createDatabase, type Database } from '../../support/database';
import { projectFolder, testAddress } from '../../support/project';
import type { Stack, StackRequest } from '../../../stack';
import { createWorld, expectTold, type Told, type World } from './world';

jest.setTimeout(360_000);

type OpenStack = (request: StackRequest) => Promise<Stack>;
const { openStack } = createRequire(join(projectFolder, 'package.json'))('./stack') as { openStack: OpenStack };

describe('a source whose settings are all wrong', () => {
  let directory: string;
  let stack: Stack;
  let source: Database;
  let world: World;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'slipstream-doctor-'));
    chmodSync(directory, 0o755); // as root, PostgreSQL runs under another account
    const postgresSettings = {
      ...{ wal_level: 'replica', max_replication_slots: '0', max_wal_senders: '0' },
      ...{ max_slot_wal_keep_size: '64MB', wal_sender_timeout: '2s' },
    };
    // Not the server of this run, whose address stands there.
    const env = { ...process.env, SLIPSTREAM_POSTGRES_URL: undefined };
    stack = await openStack({ directory, parts: ['postgres'], options: { durable: false, postgresSettings }, env });
    source = await createDatabase(stack.addresses.postgres, 'shop');
    await source.query('create table orders (id int primary key); create table products (id int primary key)');
    world = await createWorld();
    world.environment['SOURCE_URL'] = source.url;
  });
  afterAll(async () => {
    await source?.close();
    await stack?.stop();
    await world?.close();
    rmSync(directory, { recursive: true });
  });

  test.each<Told>([
    { code: 'wal-level', where: 'wal_level', cure: "alter system set wal_level = 'logical';" },
    { code: 'slots-exhausted', where: 'max_replication_slots', cure: 'alter system set max_replication_slots = 4;' },
    { code: 'wal-senders-exhausted', where: 'max_wal_senders', cure: 'alter system set max_wal_senders = 4;' },
    { code: 'wal-kept-too-short', where: 'max_slot_wal_keep_size', cure: "set max_slot_wal_keep_size = '50GB';" },
    { code: 'wal-sender-timeout', where: 'wal_sender_timeout', cure: "set wal_sender_timeout = '60s';" },
  ])('is told of $where', async (told) => expectTold(await world.findings(), told));

  test('that stands still is one finding, and the others are told', async () => {
    stack.servers.postgres.pause();
    try {
      const findings = await world.findings();
      // Of two limits of the same length either may be the first to be up.
      expect(findings.map(({ code }) => code)).toEqual([expect.stringMatching(/^source-un(answered|reachable)$/)]);
      expect(findings.map(atStart)).toEqual(['waited']);
    } finally {
      stack.servers.postgres.resume();
    }
  });
});

describe('Temporal', () => {
  const address = testAddress('temporal');
  const check = (changes: Record<string, string>) =>
    checkTemporal(parseSettings({ TEMPORAL_ADDRESS: address, ...changes }));

  test('that is not there', async () => {
    const { findings } = await check({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expectTold(findings, { code: 'temporal-unreachable', where: '127.0.0.1:1', cure: 'set TEMPORAL_ADDRESS' });
  });

  test('without the namespace', async () => {
    const { findings } = await check({ TEMPORAL_NAMESPACE: 'nowhere' });
    expectTold(findings, {
      code: 'temporal-namespace',
      where: 'nowhere',
      cure: 'namespace create --namespace nowhere',
    });
  });

  test('with a search attribute of another type, and no worker', async () => {
    const namespace = `doctor-${Date.now().toString(36)}${process.pid.toString(36)}`;
    const connection = await Connection.connect({ address });
    try {
      const workflowExecutionRetentionPeriod = msToTs('1 day');
      await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
      await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: { SyncGeneration: 2 } });
    } finally {
      await connection.close();
    }
    const { findings } = await check({ TEMPORAL_NAMESPACE: namespace, SLIPSTREAM_TASK_QUEUE: namespace });
    expectTold(findings, {
      code: 'search-attribute-type',
      where: 'SyncGeneration',
      cure: '--name SyncGeneration --type Int',
    });
    expectTold(findings, {
      code: 'search-attribute-missing',
      where: 'SyncStore',
      cure: '--name SyncStore --type Keyword',
    });
    expectTold(findings, { code: 'no-worker', where: `${namespace}-slices`, cure: 'npm run worker' });
  });
});
