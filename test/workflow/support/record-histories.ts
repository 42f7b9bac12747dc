import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { waitFor } from '../../support/wait';
import { failing, otherDefinition } from './fake-world';
import { Scenario, openTemporal } from './temporal';

/**
 * Records the histories that `replay.test.ts` replays: `<workflow>-<scenario>-<version>.json`. They stand for workflows
 * that run in production while the code changes under them, so they are recorded from released code, once per release,
 * and never again to make a test pass.
 *
 *     npm run build
 *     SLIPSTREAM_TEST_TEMPORAL=127.0.0.1:7233 node dist/test/workflow/support/record-histories.js 0.1.0
 */
const folder = join('test', 'workflow', 'histories');

/** Workflow → its runs to keep, by what the scenario was. */
type Recorded = Readonly<Record<string, string | undefined>>;

const scenarios: Readonly<Record<string, (scenario: Scenario) => Promise<Recorded>>> = {
  async 'whole-life'(scenario) {
    const handle = await scenario.startSync();
    await scenario.syncStatus('LIVE');
    await handle.signal('pause');
    await scenario.syncStatus('PAUSED');
    await handle.signal('resume');
    await scenario.syncStatus('LIVE');
    await handle.signal('pause', { store: 'nowhere' });
    await handle.signal('nothing');
    await handle.signal('stop');
    await handle.result();
    return { sync: undefined, capture: 'capture', follow: 'search' };
  },

  async adopted(scenario) {
    await scenario.startSync();
    await scenario.syncStatus('LIVE');
    await scenario.handle().terminate('for the record');
    const handle = await scenario.startSync();
    await scenario.syncStatus('LIVE');
    await scenario.handle('replica').terminate('for the record');
    await waitFor({
      what: 'replica again',
      seconds: 60,
      look: () => scenario.errors(),
      until: (errors) => errors.length > 0,
    });
    await scenario.syncStatus('LIVE');
    await handle.signal('stop');
    await handle.result();
    return { sync: undefined };
  },

  async rebuilt(scenario) {
    const { world } = scenario;
    world.logId = 'log-1';
    world.end = 200;
    const handle = await scenario.startFollow();
    await scenario.storeStatus('LIVE');
    const writing = setInterval(() => (world.end += 1), 10);
    await handle.signal('rebuild', { reason: 'drill', definition: otherDefinition(world.pipeline, 'search') });
    await scenario.storeStatus(({ status, generations }) => status === 'LIVE' && generations[0]?.number === 2);
    clearInterval(writing);
    await handle.executeUpdate('stop');
    await handle.result();
    return { follow: 'search' };
  },

  async troubled(scenario) {
    const { world } = scenario;
    world.sliceMs = 100;
    const handle = await scenario.startCapture();
    await scenario.captureStatus('LIVE');
    world.before.captureSlice = () => {
      throw failing('Unavailable', 'Kafka does not answer');
    };
    await scenario.captureStatus('DEGRADED');
    world.before.captureSlice = () => {
      throw failing('Blocked', 'the slot is gone', 'slot-lost');
    };
    await handle.signal('retry');
    await scenario.captureStatus('BLOCKED');
    world.before = {};
    await handle.signal('retry');
    await scenario.captureStatus('LIVE');
    await handle.signal('stop');
    await handle.result();
    return { capture: 'capture' };
  },
};

async function record(version: string): Promise<void> {
  const temporal = await openTemporal();
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, play] of Object.entries(scenarios)) {
      const scenario = new Scenario(temporal);
      scenario.world.sliceMs = 400;
      await scenario.startWorker();
      const recorded = await play(scenario);
      for (const [workflow, part] of Object.entries(recorded)) {
        const history = withoutMachine(JSON.parse(historyToJSON(await scenario.handle(part).fetchHistory())));
        const file = join(folder, `${workflow}-${name}-${version}.json`);
        await writeFile(file, `${JSON.stringify(history)}\n`, { flag: 'wx' });
        process.stdout.write(`${file}\n`);
      }
      await scenario.close();
    }
  } finally {
    await temporal.close();
  }
}

/** Who ran it, and where its files lay, is nothing to keep, and nothing that replay looks at. */
function withoutMachine(value: unknown): unknown {
  // Sticky task queues are named after the process.
  if (typeof value === 'string') return value.replaceAll(`${process.pid}@${hostname()}`, 'worker');
  if (Array.isArray(value)) return value.map(withoutMachine);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => name !== 'identity' && name !== 'stackTrace');
  return Object.fromEntries(entries.map(([name, entry]) => [name, withoutMachine(entry)]));
}

const [version] = process.argv.slice(2);
if (version === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
  process.stderr.write('Say which release is recorded, such as 0.1.0.\n');
  process.exitCode = 2;
} else {
  void record(version);
}
