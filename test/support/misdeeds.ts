/**
 * Named places to die. Each is a function call that the worker makes through an injected dependency, so production code
 * knows nothing of them; the number says at which passing.
 */
export const crashPoints = [
  'capture.before-append',
  'capture.inside-transaction', // all of it sent, not committed
  'capture.after-append', // acknowledged, not confirmed
  'capture.after-confirm',
  'capture.before-slice-end',
  'copy.after-read',
  'copy.after-append',
  'postgres.before-acquire',
  'postgres.after-acquire',
  'postgres.before-apply',
  'postgres.before-commit',
  'postgres.after-apply', // durable, no heartbeat yet
  'elasticsearch.before-acquire',
  'elasticsearch.after-acquire',
  'elasticsearch.before-apply',
  'elasticsearch.between-data-and-offsets',
  'elasticsearch.after-apply',
  'lane.before-slice-end',
  'generation.before-prepare',
  'generation.after-prepare',
  'generation.before-promote',
  'generation.after-promote',
  'generation.before-drop',
  'generation.after-drop',
] as const;

/** Of a cache, which the pipeline of most tests does not have. */
export const cachePoints = [
  'redis.before-acquire',
  'redis.after-acquire',
  'redis.before-apply',
  'redis.after-apply',
] as const;

/** Of a pipeline with every kind of store. */
export const everyPoint = [...crashPoints, ...cachePoints] as const;

/** Nobody passes these under an ordinary workload: only who brings them about names them. */
export const rarePoints = [
  'truncate.after-append', // some of a TRUNCATE's deletes are on the log
  'elasticsearch.ahead-of-offsets', // documents of a batch are written, the record of the one before it is not
] as const;
export type CrashPoint = (typeof crashPoints | typeof cachePoints | typeof rarePoints)[number];

/** Mechanisms taken out, each to show that its test would fail without it. */
export const sabotages = [
  'no-kafka-fence',
  'no-compare-and-set',
  'no-write-alias',
  'no-snapshot-check',
  'offsets-before-data',
  'no-closed-points',
  'unaware', // a slice neither watches its clock nor hears that it timed out: courtesies that would hide the fence
  'confirm-before-append', // the slot is told what the log does not hold yet
  'no-source-judgement', // a slot beyond the log is not seen as a gap
  'truncate-passed-at-once', // the first of its deletes says that all of them are on the log
  'lost-produce-answer', // the broker has appended, the answer never arrives
  'reads-on', // a lane's consumer does not pause, however much it holds
  'takes-whole', // a lane takes a transaction of the source as one piece, however large
] as const;
export type Sabotage = (typeof sabotages)[number];

/** What a worker process is told, as JSON in its environment. */
export interface Misdeeds {
  /** What it does to itself there, at the given passing (1: the first). The marker file keeps it from a second time. */
  readonly crash?: {
    readonly point: CrashPoint;
    readonly passing: number;
    readonly marker: string;
    readonly signal: 'SIGKILL' | 'SIGSTOP';
  };
  readonly sabotage?: readonly Sabotage[];
}

/** The variable that carries them. */
export const misdeedsVariable = 'SLIPSTREAM_TEST_MISDEEDS';
