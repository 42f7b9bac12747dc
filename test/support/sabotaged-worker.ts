import type { Deps } from '../../activities/deps';
import { openCaptureSession, defaultCaptureParts, prepareCapture } from '../../capture/session';
import { createKafka } from '../../stream/kafka';
import { openLaneReader } from '../../stream/lane-reader';
import { tableTopics } from '../../stream/topics';
import { runProgram } from '../../worker/program';
import { createPass } from './crash-points';
import { crashingCaptureParts } from './crashing-capture';
import { openCrashingStore } from './crashing-stores';
import { misdeedsVariable, type Misdeeds } from './misdeeds';

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
      openReader: without.has('reads-on') ? greedyReader(real.settings.kafkaBrokers) : real.openReader,
      clock: without.has('unaware') ? blindClock() : real.clock,
      openStore: (context) => openCrashingStore(context, pass, without),
    }),
  });
}

/** A lane's reader as the worker opens it, with a consumer that pauses nothing. */
function greedyReader(brokers: readonly string[]): Deps['openReader'] {
  return ({ pipeline, tables, logId, clientId }) => {
    const kafka = createKafka({ brokers, clientId });
    const consumer: typeof kafka.consumer = (config) =>
      Object.assign(kafka.consumer(config), { pause: () => undefined });
    const { prefix, partitions, windowDays } = pipeline.log;
    return openLaneReader({
      ...{ kafka: Object.assign(Object.create(kafka) as typeof kafka, { consumer }), prefix, logId, clientId },
      topics: tableTopics(prefix, tables, partitions),
      windowMs: windowDays * 86_400_000,
    });
  };
}

/** Goes on from where it stood when the process was stopped: there is no jump to be seen. */
function blindClock(): () => number {
  const stepMs = 100;
  let elapsedMs = 0;
  setInterval(() => (elapsedMs += stepMs), stepMs).unref();
  return () => elapsedMs;
}

void main();
