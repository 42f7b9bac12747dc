import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { createDatabase, type Database } from '../../support/database';
import { compiled, testAddress } from '../../support/project';
import { dropSlots } from '../../support/slots';
import { startWorker, type WorkerProcess } from '../../support/worker-process';

/** How a command line ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a new user has: a database of their own, servers, a folder, and the command. */
export interface World {
  readonly name: string;
  readonly source: Database;
  readonly replica: Database;
  readonly elasticsearchUrl: string;
  readonly folder: string;
  /** Everything that was printed so far, by any command. */
  readonly printed: () => string;
  slipstream(...line: string[]): Promise<Ended>;
  startWorker(): Promise<WorkerProcess>;
  close(): Promise<void>;
}

/** Stands in the source's URL where a password would: it must turn up nowhere. */
export const password = 'hush-7f3a91';

export async function openWorld(): Promise<World> {
  const name = `init${Date.now().toString(36)}${process.pid.toString(36)}`;
  const postgres = testAddress('postgres');
  const source = await createDatabase(postgres, name);
  const replica = await createDatabase(postgres, `${name}_replica`);
  const connection = await Connection.connect({ address: testAddress('temporal') });
  const workflowExecutionRetentionPeriod = msToTs('1 day');
  await connection.workflowService.registerNamespace({ namespace: name, workflowExecutionRetentionPeriod });
  const folder = mkdtempSync(join(tmpdir(), 'slipstream-init-'));
  const url = new URL(source.url);
  url.password = password;
  const environment = {
    TEMPORAL_ADDRESS: testAddress('temporal'),
    TEMPORAL_NAMESPACE: name,
    KAFKA_BROKERS: testAddress('kafka'),
    SLIPSTREAM_TASK_QUEUE: name,
    CLINIC_DATABASE_URL: url.toString(),
    REPLICA_URL: replica.url,
    SEARCH_URL: testAddress('elasticsearch'),
  };
  const ended: Ended[] = [];
  let worker: WorkerProcess | null = null;
  return {
    name,
    source,
    replica,
    elasticsearchUrl: testAddress('elasticsearch'),
    folder,
    printed: () => ended.map(({ stdout, stderr }) => stdout + stderr).join('\n'),
    async slipstream(...line) {
      const end = await run(line, { cwd: folder, env: { ...process.env, ...environment } });
      ended.push(end);
      return end;
    },
    async startWorker() {
      worker = await startWorker({ environment, logFile: join(folder, 'worker.log') });
      return worker;
    },
    async close() {
      await worker?.end('SIGKILL');
      await dropSlots(source, name);
      await Promise.all([source.close(), replica.close(), connection.close()]);
    },
  };
}

function run(line: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<Ended> {
  return new Promise((resolve) => {
    const program = [compiled('client/cli.js'), ...line];
    execFile(process.execPath, program, options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });
}
