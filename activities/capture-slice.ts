import { Context } from '@temporalio/activity';
import type { CaptureOptions, CaptureSession } from '../capture/session';
import type { CaptureProgress } from '../model/status';
import type { Pipeline } from '../model/pipeline';
import type { CaptureSliceInput, CaptureSliceResult, SliceEnd } from './activities';
import type { Deps } from './deps';
import { SliceControl } from './slice-control';

/** A slice ends at the first position record after this long; its stream stays open for the next one. */
const sliceMs = 60_000;
/**
 * The workflow learns of progress when a slice ends. While tables are copied, and after a stream was opened anew, people
 * wait for just that: at `sliceMs` a sync that runs well would say STARTING for its first minute.
 */
const earlySliceMs = 5_000;

export async function captureSlice(deps: Deps, input: CaptureSliceInput): Promise<CaptureSliceResult> {
  const { pipeline, logId, copy } = input;
  // Opening may decode again from far back: the heartbeat during it comes from the timer, afterwards only from progress.
  const { session, warm } = await opening(deps, pipeline, logId);
  const began = deps.clock();
  const { position: from, changes: before } = session.progress;
  // Of a copy that is paused there is nothing to wait for.
  const copying = copy?.paused !== true && !isCopied(session.progress, copy);
  const wasAtRisk = isAtRisk(session.progress);
  // What the workflow has to know at once, since its status depends on it.
  const news = new AbortController();
  let told: SliceEnd | null = null;
  const tell = (end: SliceEnd) => {
    told ??= end;
    news.abort();
  };
  try {
    using control = new SliceControl<CaptureProgress>(Context.current(), deps.clock, { beatByTimer: false });
    control.beat(session.progress);
    const ended = await session.run({
      signal: AbortSignal.any([control.signal, news.signal]),
      maxMs: warm && !copying ? sliceMs : earlySliceMs,
      ...(copy === undefined ? {} : { copy }),
      ...(pipeline.slice.batches === undefined ? {} : { batches: pipeline.slice.batches }),
      onProgress(progress) {
        control.beat(progress);
        if (copying && isCopied(progress, copy)) tell('caught-up');
        if (isAtRisk(progress) !== wasAtRisk) tell(wasAtRisk ? 'slot-well' : 'slot-at-risk');
      },
    });
    const end = control.signal.aborted ? control.end() : (told ?? ended);
    const { position: to, changes } = session.progress;
    deps.observer.captureSliceEnded({
      ...{ pipeline: pipeline.name, from: from.lsn, to: to.lsn, ended: end },
      ...{ changes: changes - before, ms: deps.clock() - began },
    });
    const result = { progress: session.progress, ended: end, taskQueue: deps.privateTaskQueue };
    await deps.captureSessions.giveBack(captureSessionKey(pipeline, logId), session);
    return result;
  } catch (error) {
    // Invariant 2: a producer that has seen an error is never used again, and neither is the stream before it.
    await deps.captureSessions.discard(session);
    throw error;
  }
}

async function opening(deps: Deps, pipeline: Pipeline, logId: string) {
  using control = new SliceControl<null>(Context.current(), deps.clock, { beatByTimer: true });
  control.beat(null);
  let warm = true;
  const session = await deps.captureSessions.take(captureSessionKey(pipeline, logId), () => {
    warm = false;
    return openWatched(deps, pipeline, logId);
  });
  return { session, warm };
}

/**
 * A session is of the file that it was opened with: stopped and started with a changed one, a pipeline may find its last session
 * warm, and would go on without what is new in the file.
 */
function captureSessionKey({ name, source, log }: Pipeline, logId: string): string {
  return JSON.stringify([name, logId, source, log]);
}

/** Known to the observer until it is closed. */
async function openWatched(deps: Deps, pipeline: Pipeline, logId: string): Promise<CaptureSession> {
  const session = await deps.openCapture({
    ...captureOptions(deps, pipeline, logId),
    onAppended: (append) => deps.observer.appended(pipeline.name, append),
  });
  const gone = deps.observer.captureOpened(pipeline.name, () => {
    const { lagBytes, copies, slot = null } = session.progress;
    return { lagBytes, copies, slot, retainedBytes: session.retainedBytes };
  });
  return {
    get progress() {
      return session.progress;
    },
    get retainedBytes() {
      return session.retainedBytes;
    },
    run: (options) => session.run(options),
    close() {
      gone();
      return session.close();
    },
  };
}

function isCopied({ copies, keysCopied = [] }: CaptureProgress, orders: CaptureSliceInput['copy']): boolean {
  const isEnded = (request: string) => keysCopied.some((ended) => ended.request === request);
  return Object.values(copies).every(({ done }) => done) && (orders?.keys ?? []).every((one) => isEnded(one.request));
}

function isAtRisk({ slot }: CaptureProgress): boolean {
  return slot?.level === 'danger';
}

export function captureOptions(deps: Deps, pipeline: Pipeline, logId: string | null): CaptureOptions {
  return {
    pipeline,
    sourceUrl: deps.secret(pipeline.source.url),
    brokers: deps.settings.kafkaBrokers,
    producer: deps.settings.producer,
    logId,
    log: deps.log,
  };
}
