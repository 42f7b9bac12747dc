import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { bundleWorkflows, quietRuntime } from './support/temporal';

jest.setTimeout(360_000);

/**
 * Workflows outlive the code that started them. Each history here was recorded from a release; code that cannot replay
 * one would fail every workflow like it after an upgrade. Do not record one anew to make this pass: use `patched`.
 */
const folder = join(__dirname, 'histories');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

let workflowBundle: WorkflowBundle;
beforeAll(async () => {
  quietRuntime();
  workflowBundle = await bundleWorkflows();
});

function historyOf(file: string) {
  return historyFromJSON(JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

function replay(file: string, history = historyOf(file)): Promise<void> {
  // Workflows are known by their ids, and signal each other by them.
  const workflowId = history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? undefined;
  return Worker.runReplayHistory({ workflowBundle, replayName: basename(file, '.json') }, history, workflowId);
}

test.each(files)('%s replays', async (file) => {
  await expect(replay(file)).resolves.toBeUndefined();
});

test('control: a history that says something else does not replay', async () => {
  const [file] = files.filter((name) => name.startsWith('follow-'));
  if (file === undefined) throw new Error('no history of follow is recorded');
  const history = historyOf(file);
  for (const event of history.events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled?.activityType?.name === 'findLog') scheduled.activityType.name = 'prepareCapture';
  }
  await expect(replay(file, history)).rejects.toThrow(/nondeterminism|TMPRL1100/i);
});

test('every workflow has a recorded history', () => {
  const workflows = new Set(files.map((file) => file.split('-')[0]));
  expect([...workflows].sort()).toEqual(['capture', 'follow', 'sync']);
});
