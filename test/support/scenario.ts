import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { positionsTopic, tableTopic } from '../../model/names';
import type { PipelineFile } from '../../model/pipeline';
import type { CaptureProgress, PipelineStatus } from '../../model/status';
import type { KafkaClients } from './clients';
import { createDatabase, type Database } from './database';
import { replicaTables, searchTables } from './expectations';
import type { Misdeeds } from './misdeeds';
import { testAddress } from './project';
import { openRecordingProxy, type RecordingProxy } from './recording-proxy';
import { recordReplica } from './replica-recorder';
import { dropKeys, withRedis } from './redis-contents';
import { dropSlots } from './slots';
import { startWorker, type WorkerProcess } from './worker-process';
import { createWorkloadSchema, smallSizes, workloadTables, type Sizes } from './workload-schema';

export interface ScenarioOptions {
  /** A superuser's URL of the server that the source is on; the run's server without it. */
  readonly sourceServer?: string;
  /** A superuser's URL of the server that the replica is on; the run's server without it. */
  readonly replicaServer?: string;
  /** The URL of the Redis that the cache is on; the run's server without it. */
  readonly cacheServer?: string;
  readonly sizes?: Sizes;
  readonly chunkRows?: number;
  readonly slice?: PipelineFile['slice'];
  /** Triggers in the replica's tables cost time; off for sheer size. */
  readonly recordVersions?: boolean;
  readonly stores?: readonly ('replica' | 'search' | 'cache')[];
  /** Connections that the replica is written over; one without it. */
  readonly parallel?: number;
  readonly log?: PipelineFile['log'];
  /** Prefixes of logical messages to capture. */
  readonly messages?: readonly string[];
  /** Besides the workload's own. */
  readonly sideTables?: SideTables;
  /** What each worker writes to Kafka and reads from it with: the next of these, round and round. By default as shipped. */
  readonly clients?: readonly KafkaClients[];
}

/** More tables of the source, and what the stores take of them. */
export interface SideTables {
  /** With their schema. */
  readonly names: readonly string[];
  /** Make them, behind the workload's own. */
  readonly statements: readonly string[];
  readonly replica: NonNullable<PipelineFile['stores'][string]>['tables'];
  readonly search: NonNullable<PipelineFile['stores'][string]>['tables'];
}

/** One test's own world on shared servers: databases, namespace, queues, topics and indexes nobody else has. */
export interface Scenario {
  readonly name: string;
  readonly sizes: Sizes;
  readonly pipeline: PipelineFile;
  readonly source: Database;
  readonly replica: Database;
  /** Schema of the replica's views. */
  readonly schema: string;
  /** Alias of the index. */
  readonly alias: string;
  /** What the workers use. */
  readonly elasticsearch: RecordingProxy;
  /** What readers use: past the proxy. */
  readonly elasticsearchUrl: string;
  /** Null without a cache. */
  readonly cacheUrl: string | null;
  readonly client: Client;
  readonly namespace: string;
  readonly temporalAddress: string;
  readonly kafka: string;
  readonly taskQueue: string;
  /** The topics of the tables. */
  readonly topics: readonly string[];
  readonly positionsTopic: string;
  readonly folder: string;
  readonly workers: readonly WorkerProcess[];
  /** What a worker of this scenario reads. */
  readonly environment: Readonly<Record<string, string>>;
  startWorker(misdeeds?: Misdeeds, heapMebibytes?: number): Promise<WorkerProcess>;
  /** Starts `sync/<name>` by the client library; one test does it by the Temporal CLI. `file`: changed since. */
  startSync(file?: PipelineFile): Promise<void>;
  status(): Promise<PipelineStatus>;
  /** Rows that the copy has brought to the log, by capture's last heartbeat: the status is as old as the last slice. */
  copiedRows(): Promise<number>;
  /** For failures: the status and the ends of the workers' logs. */
  evidence(): Promise<string>;
  close(): Promise<void>;
}

let count = 0;

export async function openScenario(options: ScenarioOptions = {}): Promise<Scenario> {
  const { sizes = smallSizes, recordVersions = true, stores = ['replica', 'search'] } = options;
  count += 1;
  const name = `t${Date.now().toString(36)}${process.pid.toString(36)}${count}`;
  const postgres = testAddress('postgres');
  const source = await createDatabase(options.sourceServer ?? postgres, `${name}_source`);
  const replica = await createDatabase(options.replicaServer ?? postgres, `${name}_replica`);
  await createWorkloadSchema(source, sizes);
  for (const statement of options.sideTables?.statements ?? []) await source.query(statement);
  if (recordVersions) await recordReplica(replica, name);
  const cacheUrl = stores.includes('cache') ? (options.cacheServer ?? testAddress('redis')) : null;
  const elasticsearch = await openRecordingProxy(testAddress('elasticsearch'));
  const connection = await Connection.connect({ address: testAddress('temporal') });
  await connection.workflowService.registerNamespace({
    namespace: name,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  const client = new Client({ connection, namespace: name });
  // In the folder of the run's servers, which goes with them.
  const folder = mkdtempSync(join(process.env['SLIPSTREAM_TEST_STACK'] ?? tmpdir(), 'scenario-'));
  const workers: WorkerProcess[] = [];
  const environment = {
    TEMPORAL_ADDRESS: testAddress('temporal'),
    TEMPORAL_NAMESPACE: name,
    KAFKA_BROKERS: testAddress('kafka'),
    SLIPSTREAM_TASK_QUEUE: name,
    SCENARIO_SOURCE_URL: source.url,
    SCENARIO_REPLICA_URL: replica.url,
    SCENARIO_SEARCH_URL: elasticsearch.url,
    ...(cacheUrl === null ? {} : { SCENARIO_CACHE_URL: cacheUrl }),
  };
  const pipeline = pipelineFile(name, options, stores);
  const { tables } = pipeline.source;
  const status = () => client.workflow.getHandle(`sync/${name}`).query<PipelineStatus>('status');

  return {
    name,
    sizes,
    pipeline,
    source,
    replica,
    schema: name,
    alias: name,
    elasticsearch,
    elasticsearchUrl: testAddress('elasticsearch'),
    cacheUrl,
    client,
    namespace: name,
    temporalAddress: testAddress('temporal'),
    kafka: testAddress('kafka'),
    taskQueue: name,
    topics: tables.map((table) => tableTopic(name, table)),
    positionsTopic: positionsTopic(name),
    folder,
    workers,
    environment,
    async startWorker(misdeeds, heapMebibytes = 512) {
      const logFile = join(folder, `worker-${workers.length + 1}.log`);
      const worker = await startWorker({
        environment: { ...environment, ...clientsOf(options, workers.length) },
        ...{ logFile, heapMebibytes },
        ...(misdeeds ? { misdeeds } : {}),
      });
      workers.push(worker);
      return worker;
    },
    async startSync(file = pipeline) {
      await client.workflow.start('sync', { workflowId: `sync/${name}`, taskQueue: name, args: [file] });
    },
    status,
    copiedRows: () => copiedRows(client, name),
    async evidence() {
      const seen = await status().then(
        (answer) => JSON.stringify(answer, null, 1),
        (error: unknown) => String(error),
      );
      const logs = workers.map(
        (worker) => `--- ${worker.logFile}${worker.alive ? '' : ' (gone)'}\n${short(worker.tail(12))}`,
      );
      return [`status: ${seen}`, ...logs].join('\n');
    },
    async close() {
      for (const worker of workers) {
        worker.signal('SIGCONT');
        await worker.end('SIGKILL');
      }
      await dropSlots(source, source.name);
      if (cacheUrl !== null) await withRedis(cacheUrl, (redis) => dropKeys(redis, `{${name}}:`));
      await Promise.all([source.close(), replica.close(), elasticsearch.close(), connection.close()]);
    },
  };
}

function clientsOf({ clients = [] }: ScenarioOptions, worker: number): Readonly<Record<string, string>> {
  const next = clients[worker % clients.length];
  return next === undefined ? {} : { SLIPSTREAM_PRODUCER: next.producer, SLIPSTREAM_CONSUMER: next.consumer };
}

/** A stack trace in one line of a log hides the others. */
const short = (lines: string) =>
  lines
    .split('\n')
    .map((line) => line.slice(0, 400))
    .join('\n');

function pipelineFile(name: string, options: ScenarioOptions, stores: readonly string[]): PipelineFile {
  const replica = {
    type: 'postgres' as const,
    url: { env: 'SCENARIO_REPLICA_URL' },
    schema: name,
    ...(options.parallel === undefined ? {} : { parallel: options.parallel }),
    tables: { ...replicaTables, ...options.sideTables?.replica },
  };
  const search = {
    type: 'elasticsearch' as const,
    url: { env: 'SCENARIO_SEARCH_URL' },
    index: name,
    tables: { ...searchTables, ...options.sideTables?.search },
  };
  const cache = {
    type: 'redis' as const,
    url: { env: 'SCENARIO_CACHE_URL' },
    key: name,
    tables: { ...replicaTables, ...options.sideTables?.replica },
  };
  return {
    name,
    source: {
      url: { env: 'SCENARIO_SOURCE_URL' },
      tables: [...workloadTables.map((table) => `public.${table}`), ...(options.sideTables?.names ?? [])],
      messages: [...(options.messages ?? [])],
      copy: { chunkRows: options.chunkRows ?? 1000 },
    },
    log: { partitions: 3, ...options.log },
    stores: {
      ...(stores.includes('replica') ? { replica } : {}),
      ...(stores.includes('search') ? { search } : {}),
      ...(stores.includes('cache') ? { cache } : {}),
    },
    slice: { seconds: 5, heartbeatSeconds: 3, ...options.slice },
  };
}

async function copiedRows(client: Client, name: string): Promise<number> {
  const { raw } = await client.workflow.getHandle(`sync/${name}/capture`).describe();
  const payload = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0]?.data;
  if (!payload) return 0;
  const progress = JSON.parse(Buffer.from(payload).toString('utf8')) as CaptureProgress | null;
  return Object.values(progress?.copies ?? {}).reduce((sum, { rows }) => sum + rows, 0);
}
