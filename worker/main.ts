import { installRuntime, log } from './telemetry';
import { createWorker } from './worker';

/** The worker as a program: runs until SIGTERM or SIGINT, then ends every slice with its progress and leaves. */
async function main(): Promise<void> {
  installRuntime();
  const worker = await createWorker();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => worker.shutdown());
  const running = worker.run();
  log('info', 'worker is polling', { pid: process.pid });
  await running;
  log('info', 'worker has ended', { pid: process.pid });
}

main().catch((error: unknown) => {
  log('error', 'worker failed', { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  process.exitCode = 1;
});
