/** Seconds: from a small batch into an idle store to one that a busy store takes its time for. */
const batchBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export interface MetricDefinition {
  /** A counter only grows, as long as its process lives; a gauge is asked for when Prometheus does. */
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  readonly buckets?: readonly number[];
}

const capture = ['pipeline'] as const;
const table = ['pipeline', 'table'] as const;
const store = ['pipeline', 'store'] as const;
const lane = ['pipeline', 'store', 'generation', 'lane'] as const;
const activity = ['pipeline', 'store', 'activity'] as const;

/**
 * Every metric of ours. Gauges of capture and of lanes exist only in the worker that has the session open, and go with
 * it. Counters carry no generation: each rebuild would add series that never end.
 */
export const metricDefinitions = {
  slipstream_capture_lag_bytes: {
    type: 'gauge',
    labels: capture,
    help: 'WAL of the source that is not in the log yet',
  },
  slipstream_capture_retained_wal_bytes: {
    type: 'gauge',
    labels: capture,
    help: 'WAL that the replication slot makes the source keep',
  },
  slipstream_capture_slot_level: {
    type: 'gauge',
    labels: capture,
    help: 'how the replication slot is: 0 well, 1 warning, 2 danger (capture is DEGRADED), 3 lost (BLOCKED)',
  },
  slipstream_capture_slot_left_bytes: {
    type: 'gauge',
    labels: capture,
    help: 'WAL that may still be written before the slot can be lost; absent without max_slot_wal_keep_size',
  },
  slipstream_capture_slot_lost_in_seconds: {
    type: 'gauge',
    labels: capture,
    help: 'when the slot will be lost if the WAL it keeps goes on growing as it does; absent while it does not grow',
  },
  slipstream_capture_changes_total: {
    type: 'counter',
    labels: capture,
    help: 'row changes appended to the log, copied rows included',
  },
  slipstream_capture_append_seconds: {
    type: 'histogram',
    labels: capture,
    help: 'time of one Kafka transaction with changes, until all in-sync replicas have it',
    buckets: batchBuckets,
  },
  slipstream_copy_rows: {
    type: 'gauge',
    labels: table,
    help: 'rows of the table read by its copy so far',
  },
  slipstream_copy_estimated_rows: {
    type: 'gauge',
    labels: table,
    help: "rows of the table by the source's own estimate; absent when it has never been analysed",
  },
  slipstream_copy_done: {
    type: 'gauge',
    labels: table,
    help: '1 when the table has been copied, else 0',
  },
  slipstream_store_lag_records: {
    type: 'gauge',
    labels: lane,
    help: "records of the log, Kafka's own markers included, that the store does not durably hold",
  },
  slipstream_store_lag_seconds: {
    type: 'gauge',
    labels: lane,
    help: 'age of the oldest position record of the log that the store does not durably hold; 0 when it holds all',
  },
  slipstream_parked_records: {
    type: 'gauge',
    labels: lane,
    help: 'records set aside by the policy of the store, those that wait behind another of their row included',
  },
  slipstream_parked_events_total: {
    type: 'counter',
    labels: [...store, 'event'],
    help: 'records set aside, and let go again: event `parked`, `freed` by a retry, or `skipped` for good',
  },
  slipstream_store_records_total: {
    type: 'counter',
    labels: store,
    help: 'records of the log applied, those the mapping leaves out included',
  },
  slipstream_store_mutations_total: {
    type: 'counter',
    labels: [...store, 'operation'],
    help: 'documents written, the last change of each micro-batch counted: operation `upsert` or `delete`',
  },
  slipstream_store_repeated_total: {
    type: 'counter',
    labels: store,
    help: 'mutations that the store held already, in this or a later version: work done twice after a crash',
  },
  slipstream_store_batch_seconds: {
    type: 'histogram',
    labels: store,
    help: 'time a store takes for one micro-batch',
    buckets: batchBuckets,
  },
  slipstream_slices_total: {
    type: 'counter',
    labels: [...store, 'ended'],
    help: 'slices that ended with progress, by why; `store` is empty for capture',
  },
  slipstream_activity_failures_total: {
    type: 'counter',
    labels: [...activity, 'error'],
    help: 'attempts of activities, slices among them, that failed, by kind of error; `store` is empty where none is concerned',
  },
  slipstream_activity_retries_total: {
    type: 'counter',
    labels: activity,
    help: 'attempts of activities that followed a failed or lost attempt',
  },
  slipstream_fenced_total: {
    type: 'counter',
    labels: store,
    help: 'attempts that the store, or Kafka for capture, refused because another owner has taken over',
  },
  slipstream_status: {
    type: 'gauge',
    labels: ['pipeline', 'workflow', 'store', 'status'],
    help: '1 for the status that a running workflow shows: `workflow` is sync, capture or follow; asked of Temporal by every worker, whoever does the work',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof metricDefinitions;
