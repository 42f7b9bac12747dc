import { Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import type { Sample } from './metrics';

/** A scrape waits for Temporal at most this long. */
const patienceMs = 2_000;

const pipelineKey = defineSearchAttributeKey('SyncPipeline', 'KEYWORD');
const storeKey = defineSearchAttributeKey('SyncStore', 'KEYWORD');
const statusKey = defineSearchAttributeKey('SyncStatus', 'KEYWORD');

/**
 * What every running workflow of this task queue says of itself, as Temporal's visibility has it (about a second old).
 * Asked instead of remembered: a store that is BLOCKED or PAUSED has no slice, so no worker would know; and after a
 * restart nobody would say it again. Throws when Temporal does not answer in time.
 */
export async function statusSamples(options: {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
}): Promise<Sample[]> {
  const { connection, namespace, taskQueue } = options;
  const client = new Client({ connection, namespace });
  const query = `ExecutionStatus = "Running" AND TaskQueue = "${taskQueue.replaceAll('"', '\\"')}"`;
  return client.withDeadline(Date.now() + patienceMs, async () => {
    const samples: Sample[] = [];
    for await (const { type, typedSearchAttributes } of client.workflow.list({ query })) {
      const pipeline = typedSearchAttributes.get(pipelineKey);
      const status = typedSearchAttributes.get(statusKey);
      if (pipeline === undefined || status === undefined) continue;
      const store = typedSearchAttributes.get(storeKey) ?? '';
      samples.push({ name: 'slipstream_status', labels: { pipeline, workflow: type, store, status }, value: 1 });
    }
    return samples;
  });
}
