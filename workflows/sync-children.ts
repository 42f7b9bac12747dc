import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  condition,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  startChild,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import { captureWorkflowId, followWorkflowId } from '../model/names';
import type { Pipeline } from '../model/pipeline';
import { capture } from './capture';
import { follow } from './follow';
import {
  adoptSignal,
  copySignal,
  parkedSignal,
  pauseSignal,
  rebuildSignal,
  resumeSignal,
  retrySignal,
  stopSignal,
} from './messages';
import { childEnded, childFinished, childNames, withChild, type Relayed } from './sync-state';
import type { Syncer } from './syncer';

/** How long a child that was told to stop may say nothing before it is told again. */
const stopAgainMs = 10_000;

function idOf(syncer: Syncer, child: string): string {
  return child === 'capture' ? captureWorkflowId(syncer.name) : followWorkflowId(syncer.name, child);
}

/** Presents this sync to a child that may run already: it answers with a report. One that does not run is to be started. */
export async function askChild(syncer: Syncer, child: string): Promise<void> {
  const { pipeline } = syncer;
  if (!pipeline) return;
  const before = syncer.state.children[child];
  const there = await signal(syncer, child, (handle) => handle.signal(adoptSignal, { pipeline }));
  const now = Date.now();
  if (!there) {
    // Never heard of is not ended: the first start is no repair.
    const fault = before?.since ? endedFault(syncer, child, 'is gone') : null;
    syncer.state = childEnded(syncer.state, child, { fault, now });
    return;
  }
  // Its answer may have come first.
  const { phase } = syncer.state.children[child] ?? {};
  syncer.state = withChild(syncer.state, child, {
    since: now,
    ...(phase === 'unknown' ? { phase: 'asked' as const } : {}),
  });
}

/** An id is a lock: of two syncs that start the same child one gets it, the other adopts it. */
export async function startChildOf(syncer: Syncer, child: string): Promise<void> {
  const { pipeline } = syncer;
  if (!pipeline) return;
  try {
    const handle = child === 'capture' ? await startCapture(pipeline) : await startFollow(pipeline, child);
    syncer.state = withChild(syncer.state, child, {
      phase: 'running',
      watched: handle.firstExecutionRunId,
      since: Date.now(),
      status: 'STARTING',
    });
    void watch(syncer, child, handle);
    if (syncer.state.children[child]?.paused) await relay(syncer, { child, name: 'pause' });
    if (syncer.state.children[child]?.copyPaused === true) {
      await relay(syncer, { child, name: 'copy', copy: { action: 'pause' } });
    }
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    syncer.state = withChild(syncer.state, child, { phase: 'unknown' });
  }
}

/** Beside the current details in the web UI, on a page that people may see before any other of ours. */
const childDetails =
  'Started by its parent workflow, and runs until it is told to stop. What it does, how far it is and what to type is ' +
  'under Current Details. The timeline shows its slices: half a minute of work each, with where it began; the result ' +
  'says where it ended.';

function startCapture(pipeline: Pipeline) {
  return startChild(capture, {
    workflowId: captureWorkflowId(pipeline.name),
    args: [{ pipeline }],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    memo: { pipeline: pipeline.name, part: 'capture' },
    staticSummary: `capture of ${pipeline.name}: PostgreSQL to the log`,
    staticDetails: childDetails,
  });
}

function startFollow(pipeline: Pipeline, store: string) {
  return startChild(follow, {
    workflowId: followWorkflowId(pipeline.name, store),
    args: [{ pipeline, store }],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    memo: { pipeline: pipeline.name, part: store },
    staticSummary: `${store} of ${pipeline.name}: the log to ${pipeline.stores[store]?.type ?? 'a store'}`,
    staticDetails: childDetails,
  });
}

/** Follows a child through its runs, to its end. */
async function watch(
  syncer: Syncer,
  child: string,
  handle: ChildWorkflowHandle<typeof capture> | ChildWorkflowHandle<typeof follow>,
): Promise<void> {
  const ended = await handle.result().then(
    () => 'finished' as const,
    () => 'failed' as const,
  );
  // Its successor may have been started before this one's end was told.
  if (syncer.state.children[child]?.watched !== handle.firstExecutionRunId) return;
  if (ended === 'finished') {
    syncer.state = childFinished(syncer.state, child, Date.now());
  } else {
    const fault = endedFault(syncer, child, 'was terminated or has failed');
    syncer.state = childEnded(syncer.state, child, { fault, now: Date.now() });
  }
  syncer.display();
}

export async function relay(syncer: Syncer, message: Relayed): Promise<void> {
  const there = await signal(syncer, message.child, (handle) => {
    switch (message.name) {
      case 'pause':
        return handle.signal(pauseSignal);
      case 'resume':
        return handle.signal(resumeSignal);
      case 'retry':
        return handle.signal(retrySignal);
      case 'stop':
        return handle.signal(stopSignal);
      case 'rebuild':
        return handle.signal(rebuildSignal, message.rebuild);
      case 'copy':
        return handle.signal(copySignal, message.copy);
      case 'parked':
        return handle.signal(parkedSignal, message.parked);
    }
  });
  // A message for a child that is gone stays: it is delivered to the one that is started in its place.
  if (there) syncer.state = { ...syncer.state, outbox: syncer.state.outbox.filter((each) => each !== message) };
  else gone(syncer, message.child);
}

/** Capture first, so that the log does not grow while its readers leave; then all stores at once. */
export async function stopChildren(syncer: Syncer): Promise<void> {
  const [first, ...stores] = childNames(Object.keys(syncer.stores));
  if (first !== undefined) await stopChild(syncer, first);
  await Promise.all(stores.map((store) => stopChild(syncer, store)));
}

async function stopChild(syncer: Syncer, child: string): Promise<void> {
  const over = () => ['stopped', 'gone'].includes(syncer.state.children[child]?.phase ?? 'gone');
  while (!over()) {
    const there = await signal(syncer, child, (handle) => handle.signal(stopSignal));
    if (!there) gone(syncer, child);
    else await condition(over, stopAgainMs);
  }
}

function gone(syncer: Syncer, child: string): void {
  const fault = syncer.state.stopping ? null : endedFault(syncer, child, 'is gone');
  syncer.state = childEnded(syncer.state, child, { fault, now: Date.now() });
}

/** False: no such workflow runs. */
async function signal(
  syncer: Syncer,
  child: string,
  send: (handle: ReturnType<typeof getExternalWorkflowHandle>) => Promise<void>,
): Promise<boolean> {
  try {
    await send(getExternalWorkflowHandle(idOf(syncer, child)));
    return true;
  } catch {
    return false;
  }
}

function endedFault(syncer: Syncer, child: string, how: string) {
  return { type: 'ChildEnded', message: `${idOf(syncer, child)} ${how}; it is started again.` };
}
