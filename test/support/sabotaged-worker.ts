import { openCaptureSession, defaultCaptureParts, prepareCapture } from '../../capture/session';
import { installRuntime, log } from '../../worker/telemetry';
import { createWorker } from '../../worker/worker';
import { createPass } from './crash-points';
import { crashingCaptureParts } from './crashing-capture';
import { openCrashingStore } from './crashing-stores';
import { misdeedsVariable, type Misdeeds } from './misdeeds';

/**
 * The worker, with misdeeds: every crash point and every sabotage is a function put in place of an injected one. Nothing
 * in production code knows of this file.
 */
async function main(): Promise<void> {
  installRuntime();
  const { crash, sabotage = [] } = JSON.parse(process.env[misdeedsVariable] ?? '{}') as Misdeeds;
  const pass = createPass(crash);
  const without = new Set(sabotage);
  const parts = crashingCaptureParts(defaultCaptureParts, pass, without);
  const worker = await createWorker({
    deps: (real) => ({
      ...real,
      prepareCapture: (options) => prepareCapture(options, parts),
      async openCapture(options) {
        const session = await openCaptureSession(options, parts);
        return {
          get progress() {
            return session.progress;
          },
          async run(order) {
            const ended = await session.run(order);
            pass('capture.before-slice-end');
            return ended;
          },
          close: () => session.close(),
        };
      },
      clock: without.has('unaware') ? blindClock() : real.clock,
      openStore: (context) => openCrashingStore(context, pass, without),
    }),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => worker.shutdown());
  const running = worker.run();
  log('info', 'worker is polling', { pid: process.pid, misdeeds: { point: crash?.point, sabotage } });
  await running;
}

/** Goes on from where it stood when the process was stopped: there is no jump to be seen. */
function blindClock(): () => number {
  const stepMs = 100;
  let elapsedMs = 0;
  setInterval(() => (elapsedMs += stepMs), stepMs).unref();
  return () => elapsedMs;
}

main().catch((error: unknown) => {
  log('error', 'worker failed', { error: String(error) });
  process.exitCode = 1;
});
