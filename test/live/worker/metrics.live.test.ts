import { openScenario, type Scenario } from '../../support/scenario';
import { settle, untilLive } from '../../support/settle';
import { waitFor } from '../../support/wait';
import { parseMetrics, sumOf, valuesOf, type Series } from './metrics-text';
import { endWatched, startWatched, type WatchedWorker } from './watched-worker';

jest.setTimeout(1_200_000);

const written = 60;
const deleted = 25;

async function scraped(worker: WatchedWorker): Promise<Series> {
  const answer = await worker.get('/metrics');
  expect(answer?.status).toBe(200);
  return parseMetrics(answer?.text ?? '');
}

/** Waits until the worker's metrics say so. */
function untilMetrics(worker: WatchedWorker, what: string, until: (series: Series) => boolean): Promise<Series> {
  return waitFor({ what, seconds: 60, everyMs: 200, look: () => scraped(worker), until, evidence: worker.evidence });
}

async function signal(scenario: Scenario, name: string): Promise<void> {
  await scenario.client.workflow.getHandle(`sync/${scenario.name}`).signal(name, { store: 'search' });
}

it('metrics say what the status says, count what was written, and forget a lane that nobody holds', async () => {
  // A heartbeat that a busy machine delays makes another attempt, which counts records a second time.
  const scenario = await openScenario({ recordVersions: false, slice: { heartbeatSeconds: 30 } });
  const worker = startWatched({ environment: scenario.environment });
  const pipeline = scenario.name;
  const lag = (series: Series, store: string) => [
    ...valuesOf(series, 'slipstream_store_lag_records', { pipeline, store, generation: '1', lane: '0' }),
    ...valuesOf(series, 'slipstream_store_lag_seconds', { pipeline, store, generation: '1', lane: '0' }),
  ];
  const shown = (series: Series, store: string, status: string) =>
    valuesOf(series, 'slipstream_status', { pipeline, workflow: 'follow', store, status }).length === 1;
  try {
    await worker.line('worker is polling', 60);
    await scenario.startSync();
    await untilLive(scenario, 120);
    await settle(scenario, 60);

    const before = await untilMetrics(
      worker,
      'no lag, and LIVE, as the status says',
      (series) =>
        ['replica', 'search'].every((store) => lag(series, store).join() === '0,0' && shown(series, store, 'LIVE')) &&
        valuesOf(series, 'slipstream_status', { pipeline, workflow: 'capture', store: '', status: 'LIVE' }).length ===
          1,
    );
    // Copied rows are as many as the tables hold; the sentinel of `settle` came later.
    const status = await scenario.status();
    for (const [table, { rows }] of Object.entries(status.capture.progress?.copies ?? {})) {
      expect(valuesOf(before, 'slipstream_copy_rows', { pipeline, table })).toEqual([rows]);
      expect(valuesOf(before, 'slipstream_copy_done', { pipeline, table })).toEqual([1]);
    }
    expect(valuesOf(before, 'slipstream_capture_retained_wal_bytes', { pipeline })).toHaveLength(1);

    await scenario.source.query(
      `insert into entries select 7000000 + n, 1, n, 'credit', 'counted' from generate_series(1, ${written}) n`,
    );
    await settle(scenario, 60);
    await scenario.source.query(`delete from entries where id between 7000001 and 7000000 + ${deleted}`);
    await settle(scenario, 60);
    // Two sentinels came with them. A delete is two records of the log: the change, and the tombstone after it.
    const changes = written + deleted + 2;
    const records = (series: Series, store: string) =>
      sumOf(series, 'slipstream_store_records_total', { pipeline, store });
    // A batch is seen in the store before it is counted: both stores' last one must have been.
    const after = await untilMetrics(worker, 'every change to be counted', (series) =>
      ['replica', 'search'].every((store) => records(series, store) >= records(before, store) + changes + deleted),
    );
    const grown = (name: string, labels: Record<string, string>) =>
      sumOf(after, name, { pipeline, ...labels }) - sumOf(before, name, { pipeline, ...labels });
    expect(grown('slipstream_capture_changes_total', {})).toBe(changes);
    for (const store of ['replica', 'search']) {
      expect(grown('slipstream_store_mutations_total', { store, operation: 'upsert' })).toBe(written + 2);
      expect(grown('slipstream_store_mutations_total', { store, operation: 'delete' })).toBe(deleted);
      expect(grown('slipstream_store_records_total', { store })).toBe(changes + deleted);
      expect(grown('slipstream_store_repeated_total', { store })).toBe(0);
      expect(grown('slipstream_store_batch_seconds_count', { store })).toBeGreaterThan(0);
    }
    // One scrape target: Temporal's own are in the same answer.
    expect([...after.keys()].some((key) => key.startsWith('temporal_activity_execution_latency_seconds_count'))).toBe(
      true,
    );

    await signal(scenario, 'pause');
    const paused = await untilMetrics(
      worker,
      'the paused lane to be gone',
      (series) => shown(series, 'search', 'PAUSED') && lag(series, 'search').length === 0,
    );
    expect(shown(paused, 'search', 'LIVE')).toBe(false);
    expect(lag(paused, 'replica')).toHaveLength(2);
    await signal(scenario, 'resume');
    await untilMetrics(worker, 'the resumed lane to be back', (series) => lag(series, 'search').join() === '0,0');

    // What went by in the log while it was watched: positions and counts, no value of any row.
    expect(worker.lines.some(({ message }) => message === 'slice ended')).toBe(true);
    expect(JSON.stringify(worker.lines)).not.toContain('counted');
  } finally {
    await endWatched(worker);
    await scenario.close();
  }
});

it('a store that hangs is seen to fall behind, though none of its batches ends', async () => {
  const scenario = await openScenario({ recordVersions: false, stores: ['search'] });
  const worker = startWatched({ environment: scenario.environment });
  const pipeline = scenario.name;
  try {
    await worker.line('worker is polling', 60);
    await scenario.startSync();
    await untilLive(scenario, 120);
    await settle(scenario, 60);
    const release = scenario.elasticsearch.holdBulk();
    await scenario.source.query(
      `insert into entries select 7000000 + n, 1, n, 'credit', 'held' from generate_series(1, 10) n`,
    );
    await untilMetrics(
      worker,
      'records and seconds of lag while the store holds the batch',
      (series) =>
        sumOf(series, 'slipstream_store_lag_records', { pipeline, store: 'search' }) >= 10 &&
        sumOf(series, 'slipstream_store_lag_seconds', { pipeline, store: 'search' }) > 1,
    );
    release();
    await untilMetrics(
      worker,
      'the lag to be gone',
      (series) => valuesOf(series, 'slipstream_store_lag_seconds', { pipeline, store: 'search' }).join() === '0',
    );
  } finally {
    await endWatched(worker);
    await scenario.close();
  }
});
