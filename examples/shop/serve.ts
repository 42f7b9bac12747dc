import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '../../client/connection';
import { createOperations, type Operations } from '../../client/operations';
import { CommandFailure } from '../../client/outcome';
import { parseSettings } from '../../model/settings';
import { databaseUrl, ensureShop } from './database';
import { projectFolder } from './project-folder';
import { runShopCommand, variable } from './shop-command';
import { startTraffic } from './traffic';

const perSecond = 10;
const seed = 1;

/**
 * The shop beside servers and a worker that others have started: loads it, starts its pipeline, writes until SIGTERM.
 * `node dist/examples/shop/serve.js`, with SHOP_SERVER_URL (a superuser's) and TEMPORAL_ADDRESS.
 */
async function serve(): Promise<void> {
  const ended = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  const server = variable('SHOP_SERVER_URL');
  const loaded = await ensureShop(server);
  say(loaded ? 'Loaded the shop: 10,000 rows in 4 tables.' : 'The shop is there from last time.');

  const settings = parseSettings(process.env);
  const client = await connect(settings);
  try {
    await startPipeline(createOperations(client, settings.taskQueue));
  } finally {
    await client.connection.close();
  }

  const traffic = startTraffic({ url: databaseUrl(server, 'shop'), perSecond, seed });
  say(`Traffic: about ${perSecond} transactions a second, seed ${seed}.`);
  await ended;
  await traffic.stop();
  say(`Stopped after ${traffic.committed()} transactions; ${traffic.failed()} failed.`);
}

/** One that runs goes on where it was: containers are started again. */
async function startPipeline(operations: Operations): Promise<void> {
  const file: unknown = JSON.parse(await readFile(join(projectFolder, 'examples/shop/pipeline.json'), 'utf8'));
  try {
    const { workflowId } = await operations.start(file);
    say(`Started ${workflowId}.`);
  } catch (error) {
    if (!(error instanceof CommandFailure) || error.outcome !== 'alreadyRuns') throw error;
    say('sync/shop runs already and goes on where it was.');
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

runShopCommand(serve);
