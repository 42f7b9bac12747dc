import { ApplicationFailure, allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { syncWorkflowId } from '../model/names';
import type { Pipeline, PipelineFile } from '../model/pipeline';
import type { CaptureStatus, PipelineStatus, StoreStatus } from '../model/status';
import { afterFailure, breakerDelayMs, noTrouble, type Trouble } from './breaker';
import { syncDetails } from './details';
import { describeFailure } from './failures';
import { short } from './proxies';
import { cancelMeansStop, historyIsLong, whileWanted } from './running';
import { askChild, relay, startChildOf, stopChildren } from './sync-children';
import { serveSync } from './sync-handlers';
import {
  childNames,
  initialSyncState,
  pipelineStatus,
  saveSync,
  withChildren,
  withSyncFault,
  type SyncState,
} from './sync-state';
import { nextSyncStep } from './sync-steps';
import type { Syncer } from './syncer';
import { createFace } from './visible';

/** The pipeline file itself, as people write it; `state` comes from the run before this one, with the parsed pipeline. */
export type SyncInput = PipelineFile | (Pipeline & { readonly state: SyncState });

/**
 * `sync/<pipeline>`: what people start. Checks the configuration, starts capture and a follower per store, or adopts
 * those that run; passes on what operators say; rolls up how everything is. Its children outlive it: terminated, it is
 * started again and finds them; `stop` is the way to end them all.
 */
export async function sync(input: SyncInput): Promise<PipelineStatus> {
  const { state: saved, ...file } = { state: undefined, ...input };
  const show = createFace();
  const syncer: Syncer = {
    name: workflowInfo().workflowId.replace(/^sync\//, ''),
    pipeline: null,
    state: saved ?? initialSyncState,
    capture: { status: 'STARTING', progress: null, problem: null },
    stores: {},
    retries: 0,
    conflict: null,
    early: [],
    status() {
      return statusOf(syncer);
    },
    display() {
      const status = statusOf(syncer);
      const details = syncDetails(workflowInfo().workflowId, status);
      show({ pipeline: syncer.name, store: null, status: status.status, generation: null, details });
    },
  };
  serveSync(syncer);

  return cancelMeansStop(
    () => {
      syncer.state = { ...syncer.state, stopping: true };
    },
    async () => {
      syncer.display();
      // Only a run that continues another one has a parsed pipeline; a file that brings a `state` is refused as wrong.
      const continued = workflowInfo().continuedFromExecutionRunId !== undefined && saved !== undefined;
      const pipeline = continued ? (file as Pipeline) : await checked(syncer, saved === undefined ? file : input);
      if (!pipeline) {
        // Of a sync before this one children may run: the file names them, checked or not.
        begin(syncer, storesNamedBy(file));
        await stopChildren(syncer);
        return stopped(syncer);
      }
      syncer.pipeline = pipeline;
      begin(syncer, Object.keys(pipeline.stores));
      await run(syncer);
      if (syncer.conflict !== null) throw ApplicationFailure.nonRetryable(syncer.conflict, 'InvalidConfig');
      if (syncer.state.stopping) {
        await stopChildren(syncer);
        return stopped(syncer);
      }
      await condition(allHandlersFinished);
      return continueAsNew<typeof sync>({ ...pipeline, state: saveSync(syncer.state) });
    },
  );
}

/** Bad input fails fast, before anything is started; a source that is away is waited for. null: told to stop meanwhile. */
async function checked(syncer: Syncer, file: unknown): Promise<Pipeline | null> {
  let trouble: Trouble = noTrouble;
  const stopping = () => syncer.state.stopping;
  while (!stopping()) {
    try {
      const check = () => short.checkPipeline.executeWithOptions({ summary: 'checks the pipeline file' }, [{ file }]);
      const { pipeline } = await whileWanted(stopping, check);
      checkWorkflowId(pipeline);
      return pipeline;
    } catch (error) {
      if (error instanceof ApplicationFailure) throw error;
      const failure = describeFailure(error);
      if (failure.kind === 'cancelled') continue;
      if (failure.kind === 'final') throw ApplicationFailure.nonRetryable(failure.fault.message, failure.fault.type);
      trouble = afterFailure(trouble, failure, Date.now());
      syncer.state = withSyncFault(syncer.state, failure.fault, Date.now());
      syncer.capture = { status: 'DEGRADED', progress: null, problem: trouble.problem };
      syncer.display();
      const seen = syncer.retries;
      await condition(() => stopping() || syncer.retries !== seen, breakerDelayMs(trouble.failures));
    }
  }
  return null;
}

/** Two syncs of one pipeline under different ids would fight over its slot, its log and its stores. */
function checkWorkflowId({ name }: Pipeline): void {
  const expected = syncWorkflowId(name);
  const { workflowId } = workflowInfo();
  if (workflowId === expected) return;
  throw ApplicationFailure.nonRetryable(
    `Pipeline '${name}' must be started with --workflow-id ${expected}, not ${workflowId}.`,
    'InvalidConfig',
  );
}

function begin(syncer: Syncer, stores: readonly string[]): void {
  syncer.capture = starting(syncer.state.children.capture?.status ?? 'STARTING');
  syncer.state = withChildren(syncer.state, childNames(stores));
  for (const store of stores) {
    const { status, problem } = starting(syncer.state.children[store]?.status ?? 'STARTING');
    syncer.stores[store] = { store, status, generations: [], rebuild: null, problem };
  }
  for (const early of syncer.early.splice(0)) early();
  syncer.display();
}

function storesNamedBy(file: object): readonly string[] {
  const stores = 'stores' in file ? file.stores : null;
  return typeof stores === 'object' && stores !== null ? Object.keys(stores) : [];
}

function starting(status: CaptureStatus['status']): CaptureStatus & Pick<StoreStatus, 'problem'> {
  return { status, progress: null, problem: null };
}

/** One step at a time, until it is time to stop, to continue as new, or to give up. */
async function run(syncer: Syncer): Promise<void> {
  const over = () => syncer.state.stopping || syncer.conflict !== null || historyIsLong(syncer.state.eventLimit);
  while (!over()) {
    const step = nextSyncStep(syncer.state, Date.now());
    switch (step.kind) {
      case 'ask':
        await askChild(syncer, step.child);
        break;
      case 'start':
        await startChildOf(syncer, step.child);
        break;
      case 'relay':
        await relay(syncer, step.message);
        break;
      case 'wait':
        await waitForMore(syncer, step.ms, over);
        break;
    }
    syncer.display();
  }
}

async function waitForMore(syncer: Syncer, ms: number, over: () => boolean): Promise<void> {
  const more = () => over() || nextSyncStep(syncer.state, Date.now()).kind !== 'wait';
  if (ms === Infinity) await condition(more);
  else await condition(more, ms);
}

function stopped(syncer: Syncer): PipelineStatus {
  syncer.capture = { ...syncer.capture, status: 'STOPPED' };
  for (const [name, store] of Object.entries(syncer.stores)) syncer.stores[name] = { ...store, status: 'STOPPED' };
  syncer.display();
  return syncer.status();
}

function statusOf({ name, capture, stores }: Syncer): PipelineStatus {
  return pipelineStatus(name, capture, stores);
}
