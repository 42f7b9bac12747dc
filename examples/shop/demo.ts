import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect } from '../../client/connection';
import { createOperations, type Operations } from '../../client/operations';
import { CommandFailure, exitCodes, outcomeOf } from '../../client/outcome';
import { wantsColour } from '../../client/status/screen';
import { watch } from '../../client/status/watch';
import { syncWorkflowId } from '../../model/names';
import { parseSettings } from '../../model/settings';
import { databaseUrl, ensureShop } from './database';
import { proveEqual } from './prove-equal';
import { startByCli } from './temporal-cli';
import { startLine, thingsToTry } from './things-to-try';
import { startTraffic } from './traffic';
import { startWorker, untilPolling } from './worker-process';

/** What the launcher hands over: a stack whose servers answer. */
export interface DemoRequest {
  readonly stack: {
    readonly directory: string;
    readonly addresses: {
      readonly postgres: string;
      readonly kafka: string;
      readonly elasticsearch: string;
      readonly temporal: string;
      readonly temporalUi: string;
      readonly temporalBinary: string;
    };
  };
  /** Those of `npm start -- …`: `--once`, `--rate N` (transactions a second), `--seed N`. */
  readonly args: readonly string[];
  /** Ends the demo: traffic, then worker. */
  readonly signal: AbortSignal;
}

/**
 * The example shop, from an empty database to stores that follow it. Resolves with an exit code when the signal comes,
 * or, with `--once`, when both stores equal the source. Whatever it has started has ended by then.
 */
export async function run({ stack, args, signal }: DemoRequest): Promise<number> {
  const ends: (() => Promise<void>)[] = [];
  try {
    await runShop({ stack, ...parseDemoArguments(args), signal, ends });
    return exitCodes.ok;
  } catch (error) {
    if (signal.aborted) return exitCodes.ok;
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    return exitCodes[outcomeOf(error)];
  } finally {
    // Last in, first out: no traffic without a worker to take it, no connection closed under the one that uses it.
    // Each whatever becomes of the others: a worker that outlives us would write into the next start's stores.
    for (const end of ends.reverse()) await end().catch((error: unknown) => say(`While ending: ${String(error)}`));
  }
}

interface DemoArguments {
  readonly once: boolean;
  readonly perSecond: number;
  readonly seed: number;
}

async function runShop(
  options: Pick<DemoRequest, 'stack' | 'signal'> & DemoArguments & { readonly ends: (() => Promise<void>)[] },
): Promise<void> {
  const { stack, signal, ends, once } = options;
  const { addresses } = stack;
  const environment = shopEnvironment(addresses);
  const settings = parseSettings({ ...environment });

  const loaded = await ensureShop(addresses.postgres);
  say(loaded ? 'Loaded the shop: 10,000 rows in 4 tables.' : 'The shop is there from last time.');
  signal.throwIfAborted();

  const client = await connect(settings);
  ends.push(() => client.connection.close());
  const worker = startWorker(environment, join(stack.directory, 'logs', 'worker.log'));
  ends.push(() => worker.stop());
  const { temporalNamespace: namespace, taskQueue } = settings;
  await untilPolling({ worker, client, namespace, taskQueue, signal });
  say(`Started a worker, process ${worker.pid}.`);

  const cli = { temporalBinary: addresses.temporalBinary, temporalAddress: addresses.temporal };
  if (await isRunning(client)) say('sync/shop runs already and goes on where it was.');
  else {
    await startByCli(cli.temporalBinary, cli.temporalAddress);
    say(`Started sync/shop by:\n  ${startLine(cli)}`);
  }

  const traffic = startTraffic({
    url: environment.SHOP_DATABASE_URL,
    perSecond: options.perSecond,
    seed: options.seed,
  });
  ends.push(() => traffic.stop());
  say(`Traffic: about ${options.perSecond} transactions a second, seed ${options.seed}.\n`);

  const operations = createOperations(client, taskQueue);
  if (once) return proveEqual({ environment, operations, traffic, worker, say, signal });
  const { temporalUi } = addresses;
  const place = { environment, ...cli, temporalUi, workerPid: worker.pid, workerLog: worker.logFile };
  for (const line of thingsToTry(place)) say(line);
  await watchShop(operations, signal);
}

async function watchShop(operations: Operations, signal: AbortSignal): Promise<void> {
  const output = process.stdout;
  const colour = wantsColour(output, process.env);
  await watch({ read: () => operations.status('shop'), output, colour, json: false, signal });
}

/** What a worker of the shop, and the shop's own commands, read. */
export function shopEnvironment(addresses: DemoRequest['stack']['addresses']) {
  return {
    TEMPORAL_ADDRESS: addresses.temporal,
    KAFKA_BROKERS: addresses.kafka,
    SHOP_DATABASE_URL: databaseUrl(addresses.postgres, 'shop'),
    REPLICA_DATABASE_URL: databaseUrl(addresses.postgres, 'shop_replica'),
    SHOP_ELASTICSEARCH_URL: addresses.elasticsearch,
  };
}

async function isRunning(client: Awaited<ReturnType<typeof connect>>): Promise<boolean> {
  const description = await client.workflow
    .getHandle(syncWorkflowId('shop'))
    .describe()
    .catch(() => null);
  return description?.status.name === 'RUNNING';
}

/** Throws CommandFailure usage. */
export function parseDemoArguments(args: readonly string[]): DemoArguments {
  const number = (name: string, text: string) => {
    const value = Number(text);
    if (!(value > 0)) throw new CommandFailure('usage', `--${name} is a number above 0, not '${text}'.`);
    return value;
  };
  const text = { type: 'string' } as const;
  const options = { once: { type: 'boolean' }, rate: text, seed: text } as const;
  try {
    const { values } = parseArgs({ args: [...args], options, allowPositionals: false });
    const { once = false, rate = '10', seed = '1' } = values;
    return { once, perSecond: Math.min(1_000, number('rate', rate)), seed: number('seed', seed) };
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(
      'usage',
      `npm start: ${(error as Error).message}. It takes --once, --rate N and --seed N.`,
    );
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
