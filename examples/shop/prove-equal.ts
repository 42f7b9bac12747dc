import { setTimeout as pause } from 'node:timers/promises';
import type { Operations } from '../../client/operations';
import { CommandFailure } from '../../client/outcome';
import { waitUntilReady } from '../../client/wait';
import { compareIndex, compareReplica, type Comparison } from './compare';
import type { Traffic } from './traffic';
import { logEnd, type WorkerProcess } from './worker-process';

/** From a first start to LIVE stores: the copy of 10,000 rows takes seconds; a busy machine may take minutes. */
const liveSeconds = 300;
/** Once the source rests, what is on its way arrives within seconds. */
const equalSeconds = 120;
/** Committed while the stores follow, so that what is compared is not the copy alone. */
const liveTransactions = 100;

/**
 * `--once`: lets the stores come up under traffic, stops it, and compares every row in both directions until all are
 * equal. Throws CommandFailure with what differs, or with what hinders.
 */
export async function proveEqual(options: {
  readonly environment: Readonly<
    Record<'SHOP_DATABASE_URL' | 'REPLICA_DATABASE_URL' | 'SHOP_ELASTICSEARCH_URL', string>
  >;
  readonly operations: Operations;
  readonly traffic: Traffic;
  readonly worker: WorkerProcess;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { environment, operations, traffic, worker, say, signal } = options;
  const { SHOP_DATABASE_URL: source, REPLICA_DATABASE_URL: replica, SHOP_ELASTICSEARCH_URL: index } = environment;
  const started = Date.now();
  const elapsed = () => ((Date.now() - started) / 1_000).toFixed(1);
  const read = () => {
    if (!worker.isRunning()) throw new CommandFailure('failed', `The worker has ended. ${logEnd(worker)}`);
    return operations.status('shop');
  };

  await waitUntilReady({ read, timeoutSeconds: liveSeconds, signal });
  say(`All stores are LIVE after ${elapsed()} s.`);
  await untilCommitted(traffic, traffic.committed() + liveTransactions, signal);
  await traffic.stop();
  say(`Traffic stopped after ${traffic.committed()} transactions. Comparing every row, both directions.`);

  const compare = async () => ({
    replica: await compareReplica(source, replica),
    search: await compareIndex(source, index),
  });
  const deadline = Date.now() + equalSeconds * 1_000;
  for (;;) {
    const found = await compare();
    const differences = Object.values(found).flatMap((all) => all.flatMap((one) => one.differences));
    if (differences.length === 0) {
      for (const [store, comparisons] of Object.entries(found)) say(summary(store, comparisons));
      say(`Both stores equal the source, ${elapsed()} s after the start of sync/shop.`);
      return;
    }
    if (Date.now() > deadline) {
      const some = differences.slice(0, 10).map((one) => `\n  ${one}`);
      throw new CommandFailure(
        'failed',
        `After ${equalSeconds} s of rest ${differences.length} rows still differ:${some.join('')}\n${logEnd(worker)}`,
      );
    }
    await pause(500, undefined, { signal });
  }
}

async function untilCommitted(traffic: Traffic, transactions: number, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + equalSeconds * 1_000;
  while (traffic.committed() < transactions) {
    if (Date.now() > deadline) {
      throw new CommandFailure('timeout', `The shop's traffic stands still; ${traffic.failed()} transactions failed.`);
    }
    await pause(100, undefined, { signal });
  }
}

function summary(store: string, comparisons: readonly Comparison[]): string {
  const parts = comparisons.map(({ target, rows }) => `${target} ${rows.toLocaleString('en-US')}`);
  return `  ${store.padEnd(8)} equal: ${parts.join(', ')}`;
}
