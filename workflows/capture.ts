import { allHandlersFinished, condition, continueAsNew, patched, setHandler, workflowInfo } from '@temporalio/workflow';
import { lsnToText } from '../model/position';
import type { Pipeline } from '../model/pipeline';
import type { CaptureStatus } from '../model/status';
import { breakerDelayMs } from './breaker';
import {
  captureFailed,
  captureHasSlot,
  captureLooked,
  captureLookFailed,
  captureOrder,
  capturePrepared,
  captureRetried,
  captureSliceEnded,
  captureStatus,
  initialCaptureState,
  saveCapture,
  withCaptureFault,
  type CaptureState,
} from './capture-state';
import { checkCopied, checkOwn } from './arguments';
import { copyOrdersOf, noRoomFor, sameCopyOrders, withCopyOrder } from './copy-orders';
import { captureDetails } from './details';
import { describeFailure } from './failures';
import { adoptSignal, internalDescriptions } from './messages';
import { serveOperators, type Order } from './operators';
import { glance, slices, onWarmWorker, short } from './proxies';
import { createReporter } from './reporter';
import { cancelMeansStop, historyIsLong, whileWanted } from './running';
import { sameJson } from './same';
import { createFace } from './visible';

/** A slot that nobody reads is looked at so often: while capture is paused, blocked, or cannot work. */
const lookMs = 60_000;

export interface CaptureInput {
  readonly pipeline: Pipeline;
  /** From the run before this one. */
  readonly state?: CaptureState;
}

/**
 * `sync/<pipeline>/capture`: looks after slot, publication and copy, and turns WAL into changes on the log, slice after
 * slice. Where the log ends is known to the log alone: nothing here is needed to go on from there.
 */
export async function capture({ pipeline, state: saved }: CaptureInput): Promise<CaptureStatus> {
  let state: CaptureState = saved ?? initialCaptureState;
  let ended = false;
  let retries = 0;

  const status = () => captureStatus(state, pipeline, ended);
  const show = createFace();
  const reporter = createReporter(pipeline.name, () => ({ child: 'capture', status: status(), refuses: false }));

  const display = () => {
    const details = captureDetails(workflowInfo().workflowId, pipeline.name, status());
    show({ pipeline: pipeline.name, store: null, status: status().status, generation: null, details });
  };

  const obey = (order: Order) => {
    switch (order.name) {
      case 'pause':
        state = { ...state, paused: true };
        return;
      case 'resume':
        state = { ...state, paused: false };
        return;
      case 'retry':
        state = captureRetried(state);
        retries += 1;
        return;
      case 'stop':
        state = { ...state, stopping: true };
        return;
      case 'copy':
        // Time is of the workflow, so it is the same in a replay; two orders of one millisecond are one.
        state = withCopyOrder(state, order.copy, Date.now().toString(36));
        return;
      case 'rebuild':
      case 'parked':
        return;
    }
  };
  // Before the others: their default handler takes every waiting message that has no handler yet.
  setHandler(adoptSignal, (other) => reporter.answer(!sameJson(other.pipeline, pipeline)), {
    description: internalDescriptions.adopt,
  });
  serveOperators<CaptureStatus>({
    orders: ['pause', 'resume', 'retry', 'stop', 'copy'],
    receiver: 'child',
    refuse(order) {
      if (order.name === 'rebuild' || order.name === 'parked') return null;
      if (order.name === 'copy') return checkCopied(order.copy, pipeline.source.tables) ?? noRoomFor(state, order.copy);
      return checkOwn(order.name, order.target.store, 'capture');
    },
    obey: (order) => {
      obey(order);
      display();
    },
    record: (fault) => {
      state = withCaptureFault(state, fault, Date.now());
    },
    status,
    offsets: () => ({ capture: state.progress?.position ?? null }),
    errors: () => state.problems,
  });

  const run = async (order: 'prepare' | 'slice') => {
    const { logId } = state;
    if (order === 'prepare' || logId === null) {
      const prepared = await short.prepareCapture.executeWithOptions(
        { summary: 'prepares slot, publication and topics' },
        [{ pipeline }],
      );
      state = capturePrepared(state, prepared.logId);
      return;
    }
    const copy = copyOrdersOf(state);
    const from = state.progress ? lsnToText(state.progress.position.lsn) : "the log's last record";
    const result = await onWarmWorker({
      warmQueue: state.taskQueue,
      pipeline,
      summary: `reads the WAL from ${from}`,
      run: (options) =>
        slices.captureSlice.executeWithOptions(options, [{ pipeline, logId, ...(copy ? { copy } : {}) }]),
    });
    state = captureSliceEnded(state, result, Date.now());
  };

  const loop = async () => {
    while (!state.stopping && !historyIsLong(state.eventLimit)) {
      display();
      const order = captureOrder(state);
      if (order === null) {
        const over = () => captureOrder(state) !== null || state.stopping || historyIsLong(state.eventLimit);
        if (mayLook()) {
          await look();
          await condition(over, lookMs);
        } else {
          await condition(over);
        }
        continue;
      }
      try {
        const begun = state;
        await whileWanted(
          () => captureOrder(state) !== order || !sameCopyOrders(begun, state),
          () => run(order),
        );
      } catch (error) {
        state = captureFailed(state, describeFailure(error), Date.now());
        display();
        await breaker();
      }
    }
  };

  /** While nothing runs, the source keeps its WAL: somebody has to watch the slot. */
  const look = async () => {
    const order = captureOrder(state);
    try {
      const before = state.slot ?? null;
      const slot = await whileWanted(
        () => captureOrder(state) !== order || state.stopping,
        () => glance.lookAtSlot.executeWithOptions({ summary: 'looks at the slot' }, [{ pipeline, before }]),
      );
      state = captureLooked(state, slot, Date.now());
    } catch (error) {
      state = captureLookFailed(state, describeFailure(error), Date.now());
    }
    display();
  };

  /**
   * Runs that began before there were such looks are replayed without them. Asked at once and not awaited: one turn more
   * of the event loop, and their commands would come in another order than in their histories.
   */
  const mayLook = () => captureHasSlot(state) && patched('looks-at-slot');

  /** Temporal's own attempts are used up: wait longer each time, unless somebody says `retry`. */
  const breaker = async () => {
    const { failures } = state.trouble;
    const seen = retries;
    if (failures === 0) return;
    if (Date.now() - (state.slot?.at ?? 0) >= lookMs && mayLook()) await look();
    if (state.trouble.blocked) return;
    await condition(() => retries !== seen || state.paused || state.stopping, breakerDelayMs(failures));
  };

  return cancelMeansStop(
    () => {
      state = { ...state, stopping: true };
    },
    async () => {
      let finished = false;
      const reporting = reporter.run(() => finished);
      await loop();
      ended = state.stopping;
      display();
      finished = true;
      await reporting;
      await condition(allHandlersFinished);
      // A `stop` that came while the report was on its way is obeyed by the next run.
      if (ended) return status();
      return continueAsNew<typeof capture>({ pipeline, state: saveCapture(state) });
    },
  );
}
