import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { connect } from '../../client/connection';
import { createOperations, type Operations } from '../../client/operations';
import { waitUntilReady } from '../../client/wait';
import { watch } from '../../client/status/watch';
import { parseSettings } from '../../model/settings';
import type * as Stack from '../../stack';
import { ensureShop, withClient } from '../shop/database';
import { shopEnvironment } from '../shop/demo';
import { projectFolder } from '../shop/project-folder';
import { pipelineFile, startByCli } from '../shop/temporal-cli';
import { startTraffic } from '../shop/traffic';
import { startWorker, untilPolling } from '../shop/worker-process';
import { openBrowser, openPage } from './chromium';
import { takeTerminal } from './terminal';
import { takeDetails, takeList, takeSignals, takeTimeline, uiMemory } from './web-ui';

/** What is to be seen is a copy under way: with this budget it lasts some ten seconds on any machine. */
const moreCustomers = 60_000;
const rowsPerSecond = 5_000;
const patienceMs = 240_000;

type Ends = (() => Promise<unknown>)[];

/**
 * `npm run screenshots`: the shop on a stack of its own, and the pictures of docs/images taken of it. Each is taken
 * when the state it shows has come. Throws when one does not come.
 */
async function takeAll(ends: Ends): Promise<void> {
  const { attachStack } = (await import(join(projectFolder, 'stack'))) as typeof Stack;
  const stack = attachStack(process.env['SLIPSTREAM_STACK'] ?? '');
  const browser = await openBrowser(process.env);
  ends.push(() => browser.close());
  const page = await openPage(browser, uiMemory);
  const pictures = { address: stack.addresses.temporalUi, page, file };

  const { operations, client } = await startShop(stack, ends);
  await takeTerminal(page, {
    command: 'npx slipstream status shop --watch',
    lines: await frameOf(operations, (text) => /copying public\.customers +\[#{8,}-+\][^]*rows\/s, about/.test(text)),
    file: file('status-watch'),
  });
  await waitUntilReady({ read: () => operations.status('shop'), timeoutSeconds: patienceMs / 1_000 });
  await until('every workflow is listed as LIVE', async () => (await countLive(client)) === 4);

  await takeList(pictures, 'list');
  await takeDetails(pictures, { workflowId: 'sync/shop/search', until: 'LIVE', name: 'details' });
  const several = async () => (await sliceCount(client, 'sync/shop/search')) >= 3;
  await until('a store has a past', several);
  await takeTimeline(pictures, { workflowId: 'sync/shop/search', until: /follows the log, from/, name: 'timeline' });
  await takeSignals(pictures, 'sync/shop', 'signals');

  await stack.servers.elasticsearch.stop();
  await until(
    'the store is DEGRADED',
    async () => (await operations.status('shop')).stores['search']?.status === 'DEGRADED',
  );
  await takeDetails(pictures, { workflowId: 'sync/shop/search', until: 'DEGRADED', name: 'degraded' });
}

function file(name: string): string {
  const folder = join(projectFolder, 'docs', 'images');
  mkdirSync(folder, { recursive: true });
  return join(folder, `${name}.png`);
}

async function startShop(stack: Stack.Stack, ends: Ends): Promise<{ operations: Operations; client: Client }> {
  const { addresses } = stack;
  const environment = shopEnvironment(addresses);
  const { taskQueue, temporalNamespace: namespace } = parseSettings(environment);
  await ensureShop(addresses.postgres);
  await withClient(environment.SHOP_DATABASE_URL, async (database) => {
    await database.query(
      `insert into customers (name, email, balance) select 'Customer ' || n, 'c' || n || '@example.com', 0
       from generate_series(1, $1::int) n`,
      [moreCustomers],
    );
    await database.query('analyze');
  });
  const client = await connect(parseSettings(environment));
  ends.push(() => client.connection.close());
  const worker = startWorker(environment, join(stack.directory, 'logs', 'worker.log'));
  ends.push(() => worker.stop());
  await untilPolling({ worker, client, namespace, taskQueue, signal: AbortSignal.timeout(patienceMs) });
  await startByCli(addresses.temporalBinary, addresses.temporal, slowCopy(stack.directory));
  const traffic = startTraffic({ url: environment.SHOP_DATABASE_URL, perSecond: 10, seed: 1 });
  ends.push(() => traffic.stop());
  return { operations: createOperations(client, taskQueue), client };
}

/** The example's pipeline, with a budget for its copy. */
function slowCopy(folder: string): string {
  const pipeline = JSON.parse(readFileSync(join(projectFolder, pipelineFile), 'utf8')) as { readonly source: object };
  const slow = { ...pipeline, source: { ...pipeline.source, copy: { rowsPerSecond } } };
  const path = join(folder, 'pipeline.json');
  writeFileSync(path, JSON.stringify(slow));
  return path;
}

/** What `status --watch` draws on a terminal, as soon as it shows what is wanted. */
async function frameOf(operations: Operations, isWanted: (text: string) => boolean): Promise<readonly string[]> {
  const ending = new AbortController();
  const limit = AbortSignal.timeout(patienceMs);
  let found: readonly string[] = [];
  const cursor = new RegExp(`${String.fromCharCode(27)}\\[[0-9]*[AJK]`, 'g');
  const write = (text: string) => {
    const frame = text.replace(cursor, '');
    if (!isWanted(frame)) return;
    found = frame.trimEnd().split('\n');
    ending.abort();
  };
  const output = { write, isTTY: true, columns: 100, rows: 50 };
  const signal = AbortSignal.any([ending.signal, limit]);
  await watch({ read: () => operations.status('shop'), output, colour: true, json: false, signal });
  if (found.length === 0) throw new Error('The copy was over before a picture of it could be taken: make it longer.');
  return found;
}

async function countLive(client: Client): Promise<number> {
  return (await client.workflow.count(`SyncPipeline = "shop" and SyncStatus = "LIVE"`)).count;
}

async function sliceCount(client: Client, workflowId: string): Promise<number> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).filter(
    ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === 'followSlice',
  ).length;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs / 1_000} s in vain until ${what}.`);
    await pause(500);
  }
}

async function main(): Promise<void> {
  const ends: Ends = [];
  try {
    await takeAll(ends);
  } finally {
    for (const end of ends.reverse()) await end().catch(() => undefined);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
