import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { StatusName } from '../model/status';

/** What people list and filter by in the web UI; the worker registers these names. */
const pipelineKey = defineSearchAttributeKey('SyncPipeline', 'KEYWORD');
const storeKey = defineSearchAttributeKey('SyncStore', 'KEYWORD');
const statusKey = defineSearchAttributeKey('SyncStatus', 'KEYWORD');
const generationKey = defineSearchAttributeKey('SyncGeneration', 'INT');

export interface Visible {
  readonly pipeline: string;
  /** For a follower. */
  readonly store: string | null;
  readonly status: StatusName;
  /** The live one, for a follower that has one. */
  readonly generation: number | null;
  /** Markdown. */
  readonly details: string;
}

/** Shows a workflow from outside. Details cost nothing; each change of a search attribute is an event of history. */
export function createFace(): (visible: Visible) => void {
  let shown: Pick<Visible, 'status' | 'generation'> | null = null;
  return ({ pipeline, store, status, generation, details }) => {
    setCurrentDetails(details);
    if (shown?.status === status && shown.generation === generation) return;
    upsertSearchAttributes([
      ...(shown ? [] : [{ key: pipelineKey, value: pipeline }]),
      ...(shown || store === null ? [] : [{ key: storeKey, value: store }]),
      ...(shown?.status === status ? [] : [{ key: statusKey, value: status }]),
      ...(generation === null || shown?.generation === generation ? [] : [{ key: generationKey, value: generation }]),
    ]);
    shown = { status, generation };
  };
}
