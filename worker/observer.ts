import type { ActivityAttempt, CaptureView, LaneName, LaneView, Observer } from '../activities/observer';
import { Blocked, Fenced, InvalidConfig, Unavailable } from '../model/errors';
import type { Log } from '../model/log';
import { compareDecimal, lsnToText } from '../model/position';
import type { Offsets } from '../model/offsets';
import type { SlotHealth, SlotLevel } from '../model/slot-sample';
import type { Labels, Metrics, Sample } from './metrics';

/** Makes log lines and metrics of what activities tell: a line a micro-batch at debug, one a slice at info. */
export function createObserver(options: {
  readonly log: Log;
  readonly metrics: Metrics;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}): Observer {
  const { log, metrics, now } = options;
  return {
    captureOpened: (pipeline, look) => metrics.collectFrom(() => captureSamples(pipeline, look())),
    laneOpened: (lane, look) => metrics.collectFrom(() => laneSamples(lane, look(), now())),
    appended(pipeline, { changes, lsn, ms }) {
      metrics.add('slipstream_capture_changes_total', { pipeline }, changes);
      metrics.observe('slipstream_capture_append_seconds', { pipeline }, ms / 1_000);
      log('debug', 'changes appended', { pipeline, to: lsnToText(lsn), count: changes, ms: rounded(ms) });
    },
    applied(lane, { from, to, records, upserts, deletes, repeated, durable, ms }) {
      const { pipeline, store } = lane;
      const labels = { pipeline, store };
      metrics.add('slipstream_store_records_total', labels, records);
      metrics.add('slipstream_store_mutations_total', { ...labels, operation: 'upsert' }, upserts);
      metrics.add('slipstream_store_mutations_total', { ...labels, operation: 'delete' }, deletes);
      metrics.add('slipstream_store_repeated_total', labels, repeated);
      metrics.observe('slipstream_store_batch_seconds', labels, ms / 1_000);
      const counts = { count: records, upserts, deletes, repeated, durable };
      log('debug', 'micro-batch applied', { ...lane, range: rangeOf(from, to), ...counts, ms: rounded(ms) });
    },
    parked(lane, { what, table, keyId, partition, offset, reason, message: why }) {
      const { pipeline, store } = lane;
      const waits = reason === 'waits';
      metrics.add('slipstream_parked_events_total', { pipeline, store, event: what });
      const record = { table, keyId, partition, offset, reason, why };
      log(what === 'freed' || waits ? 'info' : 'warn', `record ${what}`, { ...lane, ...record });
    },
    captureSliceEnded({ pipeline, from, to, changes, ended, ms }) {
      metrics.add('slipstream_slices_total', { pipeline, store: '', ended });
      const range = `${lsnToText(from)}-${lsnToText(to)}`;
      log('info', 'capture slice ended', { pipeline, range, count: changes, ended, ms: rounded(ms) });
    },
    laneSliceEnded(lane, { from, to, records, batches, ended, ms }) {
      const { pipeline, store } = lane;
      metrics.add('slipstream_slices_total', { pipeline, store, ended });
      const counts = { count: records, batches, ended, ms: rounded(ms) };
      log('info', 'slice ended', { ...lane, range: rangeOf(from, to), ...counts });
    },
    begun(attempt) {
      if (attempt.attempt > 1) metrics.add('slipstream_activity_retries_total', labelsOf(attempt));
      return (error) => {
        if (error !== undefined) failed(attempt, error);
      };
    },
  };

  function failed(attempt: ActivityAttempt, error: unknown): void {
    const { pipeline, store } = attempt;
    const kind = kindOf(error);
    metrics.add('slipstream_activity_failures_total', { ...labelsOf(attempt), error: kind });
    if (kind === 'Fenced') metrics.add('slipstream_fenced_total', { pipeline, store });
    // Ours say what to do and are tried again or shown in the status. Anything else may be a bug of ours.
    log(kind === 'other' ? 'error' : 'warn', 'activity failed', {
      ...attempt,
      error: error instanceof Error ? error : new Error(String(error)),
    });
  }
}

function labelsOf({ pipeline, store, activity }: ActivityAttempt): Labels {
  return { pipeline, store, activity };
}

/** A label must not be whatever a library calls its errors: there are few of ours, and the rest is one. */
function kindOf(error: unknown): string {
  const ours = [InvalidConfig, Blocked, Fenced, Unavailable].find((kind) => error instanceof kind);
  return ours?.name ?? 'other';
}

function captureSamples(pipeline: string, { lagBytes, retainedBytes, slot, copies }: CaptureView): Sample[] {
  const labels = { pipeline };
  const samples: Sample[] = [{ name: 'slipstream_capture_lag_bytes', labels, value: lagBytes }];
  if (retainedBytes !== null) {
    samples.push({ name: 'slipstream_capture_retained_wal_bytes', labels, value: retainedBytes });
  }
  if (slot !== null) samples.push(...slotSamples(pipeline, slot));
  for (const [table, { done, rows, estimatedRows }] of Object.entries(copies)) {
    const ofTable = { pipeline, table };
    samples.push({ name: 'slipstream_copy_rows', labels: ofTable, value: rows });
    samples.push({ name: 'slipstream_copy_done', labels: ofTable, value: done ? 1 : 0 });
    if (estimatedRows >= 0) {
      samples.push({ name: 'slipstream_copy_estimated_rows', labels: ofTable, value: estimatedRows });
    }
  }
  return samples;
}

const slotLevels: Readonly<Record<SlotLevel, number>> = { well: 0, warning: 1, danger: 2, lost: 3 };

function slotSamples(pipeline: string, { level, leftBytes, lostInMinutes }: SlotHealth): Sample[] {
  const labels = { pipeline };
  const samples: Sample[] = [{ name: 'slipstream_capture_slot_level', labels, value: slotLevels[level] }];
  if (leftBytes !== null) samples.push({ name: 'slipstream_capture_slot_left_bytes', labels, value: leftBytes });
  if (lostInMinutes !== null) {
    samples.push({ name: 'slipstream_capture_slot_lost_in_seconds', labels, value: lostInMinutes * 60 });
  }
  return samples;
}

function laneSamples(name: LaneName, { records, oldestAt, caughtUp, parked = 0 }: LaneView, now: number): Sample[] {
  const { pipeline, store, generation, lane } = name;
  const labels = { pipeline, store, generation: String(generation), lane: String(lane) };
  const parkedNow = { name: 'slipstream_parked_records' as const, labels, value: parked };
  // Before the end of the log has been seen there is no telling: a 0 would be a lie.
  if (!caughtUp && oldestAt === null) return [parkedNow];
  const seconds = caughtUp || oldestAt === null ? 0 : Math.max(0, (now - oldestAt) / 1_000);
  return [
    { name: 'slipstream_store_lag_records', labels, value: records },
    { name: 'slipstream_store_lag_seconds', labels, value: seconds },
    parkedNow,
  ];
}

/** Of each partition that moved: first offset and next one. `{"shop.public.orders[0]": "12-40"}` */
function rangeOf(from: Offsets, to: Offsets): Record<string, string> {
  const range: Record<string, string> = {};
  for (const [topic, partitions] of Object.entries(to)) {
    for (const [partition, next] of Object.entries(partitions)) {
      const first = from[topic]?.[partition] ?? '0';
      if (compareDecimal(first, next) !== 0) range[`${topic}[${partition}]`] = `${first}-${next}`;
    }
  }
  return range;
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
