import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { databaseUrl } from '../../examples/shop/database';
import { projectFolder } from '../../examples/shop/project-folder';
import { freePort } from '../support/free-port';
import { buildImageFolder, type ImageFolder } from './image-folder';

/** Of a health check, and of a first copy, on a busy machine. */
const patienceMs = 120_000;

/**
 * `npm run rehearse-image`: what the Dockerfile would put into the image, put into a folder, and run there against a
 * stack of its own as docker-compose.yml would run it: the worker until its health check passes, the example until its
 * stores are LIVE, then SIGTERM to both. Exit code 0 when all of it ends with 0.
 */
async function rehearse(): Promise<void> {
  const into = mkdtempSync(join(tmpdir(), 'slipstream-image-'));
  const started: ChildProcess[] = [];
  try {
    const image = buildImageFolder({ project: projectFolder, into });
    say(`Built as a folder with Node ${process.version}.`);
    const environment = { ...worldOf(process.env), SLIPSTREAM_HTTP_PORT: String(await freePort()) };
    const start = (command: readonly string[]) => {
      const child = run(image, command, environment);
      started.push(child);
      return child;
    };

    const worker = start(image.command);
    await until('the health check passes', async () => {
      if (worker.exitCode !== null) throw new Error(`The worker ended with ${worker.exitCode}.`);
      return (await end(start(image.healthCheck))) === 0;
    });
    say('The health check passes.');

    const shop = start(['node', 'dist/examples/shop/serve.js']);
    await until('the shop is followed', async () => {
      if (shop.exitCode !== null) throw new Error(`The example ended with ${shop.exitCode}.`);
      return (await end(start(['node', 'dist/client/cli.js', 'wait', 'shop', '--timeout', '120']))) === 0;
    });
    for (const [name, child] of Object.entries({ shop, worker })) {
      child.kill('SIGTERM');
      const code = await end(child);
      say(`${name}: exit code ${code} after SIGTERM.`);
      if (code !== 0) throw new Error(`${name} does not end in order.`);
    }
    if ((await end(start(image.healthCheck))) === 0) throw new Error('The health check passes without a worker.');
    say('Without a worker the health check fails.');
  } finally {
    for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    rmSync(into, { recursive: true, force: true });
  }
}

/** Nothing of the caller's environment but where programs are: an image has no more. */
function worldOf(stack: NodeJS.ProcessEnv): Record<string, string> {
  const needed = (name: string) => {
    const value = stack[name];
    if (value === undefined) throw new Error(`${name} is not set: run this by npm run rehearse-image.`);
    return value;
  };
  const server = needed('SLIPSTREAM_TEST_POSTGRES');
  return {
    PATH: needed('PATH'),
    TEMPORAL_ADDRESS: needed('SLIPSTREAM_TEST_TEMPORAL'),
    KAFKA_BROKERS: needed('SLIPSTREAM_TEST_KAFKA'),
    SHOP_ELASTICSEARCH_URL: needed('SLIPSTREAM_TEST_ELASTICSEARCH'),
    SHOP_SERVER_URL: server,
    SHOP_DATABASE_URL: databaseUrl(server, 'shop'),
    REPLICA_DATABASE_URL: databaseUrl(server, 'shop_replica'),
  };
}

function run(image: ImageFolder, command: readonly string[], environment: Record<string, string>): ChildProcess {
  const [program = '', ...args] = command;
  return spawn(program, args, {
    cwd: join(image.folder, image.workDirectory),
    env: { ...image.environment, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs / 1_000} s in vain until ${what}.`);
    await pause(500);
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

rehearse().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
