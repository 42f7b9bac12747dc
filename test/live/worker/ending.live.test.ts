import { announceSeed } from '../../support/random';
import { openScenario, type Scenario } from '../../support/scenario';
import { expectEqual, settle, untilLive, untilStoreIs } from '../../support/settle';
import { waitFor } from '../../support/wait';
import { runWorkload } from '../../support/workload';
import { parseMetrics, sumOf } from './metrics-text';
import { expectOrderlyEnd, openWatchedPipeline, patience, type WatchedPipeline } from './watched-pipeline';
import { endWatched, startWatched, type WatchedWorker } from './watched-worker';

jest.setTimeout(1_200_000);

async function readiness(worker: WatchedWorker): Promise<[number, string] | null> {
  const answer = await worker.get('/readyz');
  return answer && [answer.status, (JSON.parse(answer.text) as { state: string }).state];
}

describe('SIGTERM', () => {
  let pipeline: WatchedPipeline;
  let scenario: Scenario;
  beforeAll(async () => {
    // A heartbeat that a busy machine delays is no failed attempt: nothing here waits for one to be missed.
    pipeline = await openWatchedPipeline({ recordVersions: false, slice: { heartbeatSeconds: 30 } });
    ({ scenario } = pipeline);
  });
  afterEach(() => pipeline.endWorkers());
  afterAll(() => scenario.close());

  it('before Temporal answers: it is alive, not ready, and leaves at once', async () => {
    const worker = pipeline.start({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
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
    const worker = await pipeline.working();
    expect(await readiness(worker)).toEqual([200, 'polling']);
    await settle(scenario, 60);
    worker.signal('SIGTERM');
    worker.signal('SIGINT');
    await expectOrderlyEnd(worker);
  });

  it('in the middle of slices: another worker goes on, with no failed attempt, and nothing is lost', async () => {
    const seed = announceSeed('takeover');
    const first = await pipeline.working();
    await settle(scenario, 60);
    const second = await pipeline.working();
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
    const worker = await pipeline.working();
    await scenario.elasticsearch.goDown();
    try {
      await scenario.source.query(`insert into entries values (-501, 1, 1, 'fee', 'meanwhile')`);
      await untilStoreIs(scenario, 'search', 'DEGRADED');
      await expectOrderlyEnd(worker);
    } finally {
      await scenario.elasticsearch.comeUp();
    }
    await pipeline.working();
    await untilStoreIs(scenario, 'search', 'LIVE');
    await settle(scenario, 60);
    await expectEqual(scenario);
  });
});

it('SIGTERM in a copy: the next worker goes on where it stood', async () => {
  // Six hundred chunks, each a Kafka transaction of some milliseconds: the copy outlasts a look at it by far.
  const sizes = { accounts: 3000, vaults: 3000, documents: 3000, entries: 3000 };
  const scenario = await openScenario({ sizes, recordVersions: false, chunkRows: 20, stores: ['replica'] });
  const workers = [startWatched({ environment: scenario.environment })];
  const changesOf = async (worker: WatchedWorker) => {
    const series = parseMetrics((await worker.get('/metrics'))?.text ?? '');
    return sumOf(series, 'slipstream_capture_changes_total', { pipeline: scenario.name });
  };
  try {
    const [first] = workers as [WatchedWorker];
    await first.line('worker is polling', 90);
    await scenario.startSync();
    // Asked of the worker itself: what it tells Temporal is up to a second old.
    await waitFor({
      what: 'the copy to be under way',
      seconds: 90,
      everyMs: 10,
      look: () => changesOf(first),
      until: (changes) => changes > 0,
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
    expect(await changesOf(second)).toBeGreaterThan(0);
    await settle(scenario, 60);
    await expectEqual(scenario);
    await expectOrderlyEnd(second);
  } finally {
    await Promise.all(workers.map(endWatched));
    await scenario.close();
  }
});
