import type { StatusName } from '../../../model/status';
import { announceSeed } from '../../support/random';
import { openScenario, type Scenario } from '../../support/scenario';
import { expectEqual, settle, untilLive } from '../../support/settle';
import { waitFor } from '../../support/wait';
import { runWorkload } from '../../support/workload';
import { parseMetrics, sumOf } from './metrics-text';
import { endWatched, startWatched, type WatchedWorker } from './watched-worker';

jest.setTimeout(1_200_000);

/** Longer than the worker's own bound: beyond that it would have said what hung, and not exited with 0. */
const patience = 60;

/** SIGTERM: it ends by itself, in order, and says so last. */
async function expectOrderlyEnd(worker: WatchedWorker): Promise<void> {
  worker.signal('SIGTERM');
  expect({ code: await worker.exit(patience), log: worker.evidence() }).toMatchObject({ code: 0 });
  expect(worker.lines.at(-1)?.message).toBe('worker has ended');
}

async function readiness(worker: WatchedWorker): Promise<[number, string] | null> {
  const answer = await worker.get('/readyz');
  return answer && [answer.status, (JSON.parse(answer.text) as { state: string }).state];
}

describe('SIGTERM', () => {
  let scenario: Scenario;
  const running: WatchedWorker[] = [];

  async function working(environment: Record<string, string> = {}): Promise<WatchedWorker> {
    const worker = startWatched({ environment: { ...scenario.environment, ...environment } });
    running.push(worker);
    await worker.line('worker is polling', 90);
    return worker;
  }

  beforeAll(async () => {
    scenario = await openScenario({ recordVersions: false });
    const worker = await working();
    await scenario.startSync();
    await untilLive(scenario, 120);
    await settle(scenario, 60);
    await expectOrderlyEnd(worker);
  });
  afterEach(() => Promise.all(running.splice(0).map(endWatched)));
  afterAll(() => scenario.close());

  it('before Temporal answers: it is alive, not ready, and leaves at once', async () => {
    const worker = startWatched({ environment: { ...scenario.environment, TEMPORAL_ADDRESS: '127.0.0.1:1' } });
    running.push(worker);
    const said = await worker.line(
      'Temporal does not answer at 127.0.0.1:1; waiting for it. Start it, or set TEMPORAL_ADDRESS.',
      60,
    );
    expect(said.level).toBe('warn');
    expect((await worker.get('/livez'))?.status).toBe(200);
    expect(await readiness(worker)).toEqual([503, 'starting']);
    await expectOrderlyEnd(worker);
  });

  it('at rest: ready until then, and a second and third signal change nothing', async () => {
    const worker = await working();
    expect(await readiness(worker)).toEqual([200, 'polling']);
    await settle(scenario, 60);
    worker.signal('SIGTERM');
    worker.signal('SIGINT');
    await expectOrderlyEnd(worker);
  });

  it('in the middle of slices: another worker goes on, with no failed attempt, and nothing is lost', async () => {
    const seed = announceSeed('takeover');
    const first = await working();
    await settle(scenario, 60);
    const second = await working();
    const ended = new AbortController();
    const writing = runWorkload({
      ...{ source: scenario.source, seed, changes: 1e9, changesPerSecond: 200, largest: 100, signal: ended.signal },
    });
    try {
      await settle(scenario, 60);
      const from = Date.now();
      await expectOrderlyEnd(first);
      const taken = await Promise.all(
        ['capture slice ended', 'slice ended'].map((message) => second.line(message, patience)),
      );
      await settle(scenario, 60);
      const seen = taken.map(({ time, ms }) => (Date.parse(String(time)) - Number(ms) - from) / 1_000);
      process.stdout.write(`SIGTERM to the successor's first slice of capture and of a store: ${seen.join(', ')} s\n`);
    } finally {
      ended.abort();
      await writing;
    }
    const series = parseMetrics((await second.get('/metrics'))?.text ?? '');
    const troubles = [...series].filter(
      ([key]) => /^slipstream_activity_(failures|retries)_total/.test(key) && key.includes(scenario.name),
    );
    expect(troubles).toEqual([]);
    await settle(scenario, 60);
    await expectEqual(scenario);
    await expectOrderlyEnd(second);
  });

  it('while a store is down, and the other is not', async () => {
    const worker = await working();
    const until = (wanted: StatusName) =>
      waitFor({
        what: `the search store to be ${wanted}`,
        seconds: 120,
        everyMs: 200,
        look: async () => (await scenario.status()).stores['search']?.status,
        until: (status) => status === wanted,
        evidence: worker.evidence,
      });
    await scenario.elasticsearch.goDown();
    try {
      await scenario.source.query(`insert into entries values (-501, 1, 1, 'fee', 'meanwhile')`);
      await until('DEGRADED');
      await expectOrderlyEnd(worker);
    } finally {
      await scenario.elasticsearch.comeUp();
    }
    await working();
    await until('LIVE');
    await settle(scenario, 60);
    await expectEqual(scenario);
  });
});

it('SIGTERM in a copy: the next worker goes on where it stood', async () => {
  // A chunk is a Kafka transaction, some 10 ms at the least: six hundred of them outlast any look at the progress.
  const sizes = { accounts: 3000, vaults: 3000, documents: 3000, entries: 3000 };
  const scenario = await openScenario({ sizes, recordVersions: false, chunkRows: 20, stores: ['replica'] });
  const workers = [startWatched({ environment: scenario.environment })];
  try {
    const [first] = workers as [WatchedWorker];
    await first.line('worker is polling', 90);
    await scenario.startSync();
    await waitFor({
      what: 'the copy to be under way',
      seconds: 90,
      look: () => scenario.copiedRows(),
      until: (rows) => rows > 0,
      evidence: first.evidence,
    });
    await expectOrderlyEnd(first);
    expect(first.lines.filter(({ message }) => message === 'capture slice ended').at(-1)).toMatchObject({
      ended: 'worker-shutdown',
    });
    const second = startWatched({ environment: scenario.environment });
    workers.push(second);
    await untilLive(scenario, 180);
    // Nobody has written yet: what the second one appended are rows that the first one had not copied.
    const series = parseMetrics((await second.get('/metrics'))?.text ?? '');
    expect(sumOf(series, 'slipstream_capture_changes_total', { pipeline: scenario.name })).toBeGreaterThan(0);
    await settle(scenario, 60);
    await expectEqual(scenario);
    await expectOrderlyEnd(second);
  } finally {
    await Promise.all(workers.map(endWatched));
    await scenario.close();
  }
});
