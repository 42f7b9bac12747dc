import { announceSeed } from '../../support/random';
import { openScenario, type Scenario } from '../../support/scenario';
import { expectEqual, settle, untilLive, untilStoreIs } from '../../support/settle';
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
  const sizes = { accounts: 200, vaults: 200, documents: 200, entries: 400 };
  const scenario = await openScenario({ sizes, recordVersions: false, chunkRows: 20, stores: ['replica'] });
  const holding = { ...scenario.environment, HELD_TABLE: 'public.entries' };
  const first = startWatched({ environment: holding, program: 'test/live/worker/held-copy-worker.js' });
  const workers = [first];
  try {
    await first.line('worker is polling', 90);
    // What was never analysed is copied last: all the others are on the log when the copy is held.
    await scenario.source.query('analyze accounts, vaults, documents');
    await scenario.startSync();
    await first.line('the copy is held', 90);
    await expectOrderlyEnd(first);
    expect(first.lines.filter(({ message }) => message === 'capture slice ended').at(-1)).toMatchObject({
      ended: 'worker-shutdown',
    });
    const second = startWatched({ environment: scenario.environment });
    workers.push(second);
    await untilLive(scenario, 180);
    // Nobody has written yet: what the second one appended are the rows that the first one had not copied, and no others.
    const series = parseMetrics((await second.get('/metrics'))?.text ?? '');
    expect(sumOf(series, 'slipstream_capture_changes_total', { pipeline: scenario.name })).toBe(sizes.entries);
    await settle(scenario, 60);
    await expectEqual(scenario);
    await expectOrderlyEnd(second);
  } finally {
    await Promise.all(workers.map(endWatched));
    await scenario.close();
  }
});
