import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Offsets } from '../model/offsets';
import type { Pipeline } from '../model/pipeline';
import type { Position } from '../model/position';
import type { CaptureStatus, PipelineStatus, Problem, StoreStatus } from '../model/status';

/**
 * Everything that can be said to a workflow, and asked of it. `sync/<pipeline>` takes the operators' signals and passes
 * them on; `sync/<pipeline>/capture` and `sync/<pipeline>/<store>` take them too, and the same names as updates, which
 * refuse a wrong input at once instead of recording it.
 */

/** Whom a message is for. Sent to `sync`: one store, or `capture`; without `store`, all of them. */
export interface Target {
  readonly store?: string;
}

/** An ordered rebuild: the next generation is built from the start of the log while the live one goes on. */
export interface RebuildOrder {
  /** Needed when it is sent to `sync/<pipeline>`. */
  readonly store?: string;
  readonly reason: string;
  /** The store's new definition, as the pipeline file would have it; without it, the one in use. */
  readonly definition?: unknown;
  readonly from?: 'log';
}

/**
 * One of the two: a table, or some of its rows, are copied once more; or all copying pauses or goes on. The stream goes on.
 */
export interface CopyOrder {
  readonly table?: string;
  /** Only the rows with these keys, column → value; without it the table from its first row. */
  readonly keys?: readonly CopiedKey[];
  readonly action?: 'pause' | 'resume';
}

/** A value beyond 2^53 as text, or JSON would change it. */
export type CopiedKey = Readonly<Record<string, string | number | boolean>>;

/**
 * What is to be done with parked records. `retry`: those of one row, or all, are applied after all. `skip`: one record of
 * a row, or all of them, is let go for good. `accept`: the generation being built may be promoted with what it has parked.
 */
export interface ParkedMessage {
  /** Needed when it is sent to `sync/<pipeline>`. */
  readonly store?: string;
  readonly action: 'retry' | 'skip' | 'accept';
  /** The key's id, as `slipstream parked list` shows it. */
  readonly key?: string;
  /** Of `skip`: a record's offset, or "all". */
  readonly offset?: string;
}

/** From a child to `sync/<pipeline>`: how it is. `refuses`: it runs under another configuration than `adopt` named. */
export type Report =
  | { readonly child: 'capture'; readonly status: CaptureStatus; readonly refuses: boolean }
  | { readonly child: 'store'; readonly status: StoreStatus; readonly refuses: boolean };

export const pauseSignal = defineSignal<[target?: Target]>('pause');
export const resumeSignal = defineSignal<[target?: Target]>('resume');
export const retrySignal = defineSignal<[target?: Target]>('retry');
export const stopSignal = defineSignal<[target?: Target]>('stop');
export const rebuildSignal = defineSignal<[order: RebuildOrder]>('rebuild');
export const copySignal = defineSignal<[order: CopyOrder]>('copy');

export const parkedSignal = defineSignal<[message: ParkedMessage]>('parked');

/** Between our own workflows: `sync` presents itself and its configuration; the child answers with a report. */
export const adoptSignal = defineSignal<[{ readonly pipeline: Pipeline }]>('adopt');
export const reportSignal = defineSignal<[Report]>('report');

/**
 * Each answers with the status as it is once the order has been recorded; its effect may take a slice's end. `parked` waits for
 * that for some seconds, and fails as `NotParked` when what it names is not parked.
 */
export const pauseUpdate = defineUpdate<CaptureStatus | StoreStatus, [target?: Target]>('pause');
export const resumeUpdate = defineUpdate<CaptureStatus | StoreStatus, [target?: Target]>('resume');
export const retryUpdate = defineUpdate<CaptureStatus | StoreStatus, [target?: Target]>('retry');
export const stopUpdate = defineUpdate<CaptureStatus | StoreStatus, [target?: Target]>('stop');
export const rebuildUpdate = defineUpdate<CaptureStatus | StoreStatus, [order: RebuildOrder]>('rebuild');
export const copyUpdate = defineUpdate<CaptureStatus | StoreStatus, [order: CopyOrder]>('copy');
export const parkedUpdate = defineUpdate<CaptureStatus | StoreStatus, [message: ParkedMessage]>('parked');

export const statusQuery = defineQuery<PipelineStatus | CaptureStatus | StoreStatus>('status');
export const offsetsQuery = defineQuery<OffsetsAnswer>('offsets');
/** The newest last. */
export const errorsQuery = defineQuery<readonly Problem[]>('errors');
export const helpQuery = defineQuery<Help>('help');

/** What `offsets` answers: capture's position in the source; each store's generations' next offsets in the log. */
export interface OffsetsAnswer {
  readonly capture?: Position | null;
  readonly stores?: Readonly<Record<string, Readonly<Record<string, Offsets>>>>;
}

/** Name → what it does, with an example input. */
export interface Help {
  readonly signals: Readonly<Record<string, string>>;
  readonly updates: Readonly<Record<string, string>>;
  readonly queries: Readonly<Record<string, string>>;
}

/** What an order does, and an example of its input: sent to `sync`, which passes it on, and sent to a child itself. */
interface OrderDescription {
  readonly does: string;
  readonly toSync: string;
  readonly toChild: string;
}

const one = 'none, or {"store":"search"} for one of them';

export const orders = {
  pause: { does: 'Stops following, at a place it can go on from.', toSync: one, toChild: 'none' },
  resume: {
    does: 'Goes on after a pause. Sent to sync, it also starts again what was stopped by itself.',
    toSync: one,
    toChild: 'none',
  },
  retry: { does: 'Tries again now what is DEGRADED or BLOCKED.', toSync: one, toChild: 'none' },
  stop: {
    does:
      'Ends in order, and keeps all data and places; sent to sync, it ends capture, every store, and sync. ' +
      'Terminating sync instead leaves the others running.',
    toSync: one,
    toChild: 'none',
  },
  rebuild: {
    does:
      'Builds a store anew from the log beside the live one, then switches its readers and drops the old one. Ordered ' +
      'during a build, it waits for its end; a build that is BLOCKED or held is given up for it. "definition" replaces what the ' +
      'pipeline file says.',
    toSync: '{"store":"search","reason":"new mapping"}',
    toChild: '{"reason":"new mapping"}',
  },
  copy: {
    does:
      'Copies a table of the source once more into the log, from its first row, or its rows of some keys alone, beside the ' +
      'stream; a key of the log that has no row any more is deleted from the stores. Or pauses all copying and lets it go on, while changes are ' +
      'followed all the time.',
    toSync:
      '{"table":"public.orders"}, {"table":"public.orders","keys":[{"id":17}]}, {"action":"pause"} or {"action":"resume"}',
    toChild:
      '{"table":"public.orders"}, {"table":"public.orders","keys":[{"id":17}]}, {"action":"pause"} or {"action":"resume"}',
  },
  parked: {
    does:
      'Applies parked records after all, those of one row ("key") or all of them; or skips one for good; or accepts that ' +
      'a rebuild is promoted with more parked than readers miss now. `slipstream parked list` shows keys and offsets.',
    toSync:
      '{"store":"search","action":"retry"}, {"store":"search","action":"skip","key":"0c5f6b2a91de","offset":"42"} or ' +
      '{"store":"search","action":"accept"}',
    toChild: '{"action":"retry"}, {"action":"skip","key":"0c5f6b2a91de","offset":"42"} or {"action":"accept"}',
  },
} as const satisfies Readonly<Record<string, OrderDescription>>;

export type OrderName = keyof typeof orders;

/** Shown by `temporal workflow metadata`, in the web UI's dialogs and by `help`. */
export function describeOrder(name: OrderName, receiver: 'sync' | 'child'): string {
  const { does, toSync, toChild } = orders[name];
  return `${does} Input: ${receiver === 'sync' ? toSync : toChild}`;
}

export const internalDescriptions = {
  adopt: 'Between workflows, not for people: sync tells its configuration and asks for a report.',
  report: 'Between workflows, not for people: a child tells sync how it is.',
} as const;

export const queryDescriptions = {
  status: 'Where everything stands: status, progress, generations, the problem if there is one. Input: none',
  offsets: 'Position in the source, next offsets in the log, per store and generation. Input: none',
  errors: 'The last problems with their counts; wrong messages among them. Input: none',
  help: 'These descriptions. Input: none',
} as const;
