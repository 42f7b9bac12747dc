import type { Deps } from '../../activities/deps';
import { openCaptureSession, defaultCaptureParts, prepareCapture } from '../../capture/session';
import { runProgram } from '../../worker/program';
import { createPass } from './crash-points';
import { crashingCaptureParts } from './crashing-capture';
import { openCrashingStore } from './crashing-stores';
import { readingOn, takingWhole } from './greedy-readers';
import { misdeedsVariable, type Misdeeds, type Sabotage } from './misdeeds';

/**
 * The worker, with misdeeds: every crash point and every sabotage is a function put in place of an injected one. Nothing
 * in production code knows of this file.
 */
function main(): Promise<void> {
  const { crash, sabotage = [] } = JSON.parse(process.env[misdeedsVariable] ?? '{}') as Misdeeds;
  const pass = createPass(crash);
  const without = new Set(sabotage);
  const parts = crashingCaptureParts(defaultCaptureParts, pass, without);
  return runProgram({
    environment: process.env,
    exit: (code) => process.exit(code),
    deps: (real) => ({
      ...real,
      prepareCapture: (options) => prepareCapture(options, parts),
      async openCapture(options) {
        const session = await openCaptureSession(options, parts);
        return {
          get progress() {
            return session.progress;
          },
          get retainedBytes() {
            return session.retainedBytes;
          },
          async run(order) {
            const ended = await session.run(order);
            pass('capture.before-slice-end');
            return ended;
          },
          close: () => session.close(),
        };
      },
      openReader: readerOf(real, without),
      clock: without.has('unaware') ? blindClock() : real.clock,
      openStore: (context) => openCrashingStore(context, pass, without),
    }),
  });
}

function readerOf(real: Deps, without: ReadonlySet<Sabotage>): Deps['openReader'] {
  if (without.has('reads-on')) return readingOn(real.settings.kafkaBrokers);
  return without.has('takes-whole') ? takingWhole(real.openReader) : real.openReader;
}

/** Goes on from where it stood when the process was stopped: there is no jump to be seen. */
function blindClock(): () => number {
  const stepMs = 100;
  let elapsedMs = 0;
  setInterval(() => (elapsedMs += stepMs), stepMs).unref();
  return () => elapsedMs;
}

void main();
