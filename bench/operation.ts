import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { logEnd, startWorker, untilPolling, type WorkerProcess } from '../examples/shop/worker-process';
import type { PipelineFile } from '../model/pipeline';
import type { PipelineStatus } from '../model/status';
import type { Addresses } from './addresses';
import { freshName, pipelineFile, replicaSchema } from './pipeline';
import { createDatabase, createSource, dropDatabase } from './source';
import { deleteTopics } from './topics';
import { askSearch, assertEqual, readIndex, readRowsAsDocuments, readTable } from './truth';

const namespace = 'default';
const liveMs = 120_000;

/** A pipeline in operation: real workers in processes of their own, under Temporal, both stores live. */
export interface Operation {
  readonly name: string;
  readonly sourceUrl: string;
  readonly replicaUrl: string;
  /** What readers read: a view, and an alias. */
  readonly view: string;
  readonly alias: string;
  /** Resolves when this very process polls. */
  startWorker(): Promise<WorkerProcess>;
  start(): Promise<void>;
  /** Throws with the end of the newest worker's log when it takes too long. */
  untilLive(): Promise<void>;
  /** Both stores against the source, as readers see them; call once nothing is on its way. */
  compare(): Promise<void>;
  close(): Promise<void>;
}

export async function openOperation(
  addresses: Addresses,
  { slice }: { slice?: PipelineFile['slice'] } = {},
): Promise<Operation> {
  const name = freshName();
  const sourceUrl = await createSource(addresses.postgres, `${name}_source`);
  const replicaUrl = await createDatabase(addresses.postgres, `${name}_replica`);
  const connection = await Connection.connect({ address: addresses.temporal });
  const client = new Client({ connection, namespace });
  const folder = mkdtempSync(join(tmpdir(), 'slipstream-bench-'));
  const workers: WorkerProcess[] = [];
  const environment = {
    TEMPORAL_ADDRESS: addresses.temporal,
    TEMPORAL_NAMESPACE: namespace,
    KAFKA_BROKERS: addresses.kafka,
    SLIPSTREAM_TASK_QUEUE: name,
    BENCH_SOURCE_URL: sourceUrl,
    BENCH_REPLICA_URL: replicaUrl,
    BENCH_SEARCH_URL: addresses.elasticsearch,
  };
  const file = pipelineFile(name, slice ? { slice } : {});
  const status = () => client.workflow.getHandle(`sync/${name}`).query<PipelineStatus>('status');
  const view = `${replicaSchema}.items`;

  return {
    name,
    sourceUrl,
    replicaUrl,
    view,
    alias: name,
    async startWorker() {
      const worker = startWorker(environment, join(folder, `worker-${workers.length + 1}.log`));
      workers.push(worker);
      const signal = AbortSignal.timeout(liveMs);
      await untilPolling({ worker, client, namespace, taskQueue: name, signal });
      return worker;
    },
    async start() {
      await client.workflow.start('sync', { workflowId: `sync/${name}`, taskQueue: name, args: [file] });
    },
    async untilLive() {
      const deadline = Date.now() + liveMs;
      let seen = 'nothing';
      while (Date.now() < deadline) {
        const found = await status().catch((error: unknown) => String(error));
        if (typeof found === 'object' && isLive(found)) return;
        seen = JSON.stringify(found);
        await pause(200);
      }
      const newest = workers.at(-1);
      throw new Error(`The pipeline is not LIVE: ${seen}\n${newest ? logEnd(newest) : ''}`);
    },
    async compare() {
      assertEqual('The replica', await readTable(sourceUrl, 'items'), await readTable(replicaUrl, view));
      const documents = await readIndex(addresses.elasticsearch, name);
      assertEqual('The index', await readRowsAsDocuments(sourceUrl), documents);
    },
    async close() {
      for (const id of ['', '/capture', '/replica', '/search']) {
        // One that has ended, or was never begun, is what is wanted.
        await client.workflow
          .getHandle(`sync/${name}${id}`)
          .terminate('the bench is over')
          .catch(() => undefined);
      }
      await Promise.all(workers.map((worker) => worker.stop()));
      await connection.close();
      await dropIndexes(addresses.elasticsearch, name);
      await deleteTopics(addresses.kafka, `${name}.`);
      await dropDatabase(addresses.postgres, sourceUrl);
      await dropDatabase(addresses.postgres, replicaUrl);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isLive({ status, capture, stores }: PipelineStatus): boolean {
  const all = Object.values(stores);
  return (
    [status, capture.status, ...all.map((store) => store.status)].every((one) => one === 'LIVE') && all.length === 2
  );
}

/** Every index whose name begins so. */
export async function dropIndexes(url: string, name: string): Promise<void> {
  const found = await askSearch(url, `/${name}*/_alias?expand_wildcards=all`, null, 'GET');
  for (const index of Object.keys(found as object)) await askSearch(url, `/${index}`, null, 'DELETE');
}
