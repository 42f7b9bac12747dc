import { WithStartWorkflowOperation } from '@temporalio/client';
import type { CaptureSliceInput } from '../../activities/activities';
import { scenarioPerTest } from './support/scenario-per-test';
import type { Scenario } from './support/temporal';
import { failing, slotAt } from './support/fake-world';
import { captureWorkflowId } from '../../model/names';
import { initialCaptureState } from '../../workflows/capture-state';
import { waitFor } from '../support/wait';

let scenario: Scenario;
scenarioPerTest(async (fresh) => {
  scenario = fresh;
  scenario.world.sliceMs = 50;
  await scenario.startWorker();
});

test('capture prepares, copies, and is LIVE once every table is copied; slices go to the worker that is warm', async () => {
  const { world } = scenario;
  world.copiesDone = false;
  await scenario.startCapture();
  await scenario.captureStatus('COPYING');
  world.copiesDone = true;
  await scenario.captureStatus('LIVE');
  const queues = world.calls.filter(({ activity }) => activity === 'captureSlice').map(({ queue }) => queue);
  const [anybody, warm] = [`${scenario.taskQueue}-slices`, `${scenario.taskQueue}-slices-worker-1`];
  expect(queues[0]).toBe(anybody);
  // Behind it one that the warm worker does not begin in time is anybody's: a busy machine may see that, too.
  expect(new Set(queues)).toEqual(new Set([anybody, warm]));
});

test('pause and resume, by signal and by update', async () => {
  const { world } = scenario;
  world.sliceMs = 60_000;
  const handle = await scenario.startCapture();
  await scenario.slices(1);
  expect(await handle.executeUpdate('pause')).toMatchObject({ status: 'PAUSED' });
  // The progress of the slice that was cut short is there, once its answer has come.
  await scenario.captureStatus(({ status, progress }) => status === 'PAUSED' && progress !== null);
  expect(world.slices.size).toBe(0);
  await handle.signal('resume');
  await scenario.captureStatus('LIVE');
});

test('an order that waits when a run begins is obeyed by it, and not called unknown', async () => {
  const startWorkflowOperation = new WithStartWorkflowOperation('capture', {
    ...{ workflowId: captureWorkflowId(scenario.name), workflowIdConflictPolicy: 'FAIL' },
    ...{ taskQueue: scenario.taskQueue, args: [{ pipeline: scenario.world.pipeline }] },
  });
  const status = scenario.client.workflow.executeUpdateWithStart('pause', { startWorkflowOperation });
  expect(await status).toMatchObject({ status: 'PAUSED' });
});

test('a slot in danger makes capture DEGRADED, and LIVE again when that is over', async () => {
  const { world } = scenario;
  await scenario.startCapture();
  await scenario.captureStatus('LIVE');
  expect(world.called('lookAtSlot')).toBe(0); // slices see it themselves
  world.slot = slotAt('danger');
  expect(await scenario.captureStatus('DEGRADED')).toMatchObject({
    problem: { type: 'SlotAtRisk', message: 'The slot keeps 700 B of WAL.' },
    slot: { level: 'danger' },
  });
  world.slot = slotAt('well');
  expect((await scenario.captureStatus('LIVE')).problem).toBeNull();
  expect(await scenario.errors('capture')).toMatchObject([{ type: 'SlotAtRisk', count: 1 }]);
});

test('while capture is paused its slot is looked at: in danger it is DEGRADED, lost it is BLOCKED', async () => {
  const { world } = scenario;
  const handle = await scenario.startCapture();
  await scenario.captureStatus('LIVE');
  await handle.signal('pause');
  await scenario.captureStatus('PAUSED');
  await waitFor({ what: 'a look', seconds: 10, look: async () => world.called('lookAtSlot'), until: (n) => n === 1 });
  await handle.signal('resume');
  await scenario.captureStatus('LIVE');

  world.before.lookAtSlot = () => {
    world.slot = slotAt('danger');
  };
  await handle.signal('pause');
  await scenario.captureStatus('DEGRADED');
  world.before = {};
  world.slot = slotAt('well');
  await handle.signal('resume');
  await scenario.captureStatus('LIVE');

  world.before.lookAtSlot = () => {
    throw failing('Blocked', 'the slot is gone', 'slot-lost');
  };
  await handle.signal('pause');
  expect((await scenario.captureStatus('BLOCKED')).problem).toMatchObject({ reason: 'slot-lost' });
});

test('the copy is paused while changes are followed, over continue-as-new, until it is resumed', async () => {
  const { world } = scenario;
  world.copiesDone = false;
  const handle = await scenario.startCapture({ ...initialCaptureState, eventLimit: 30 });
  await scenario.captureStatus('COPYING');
  expect(await handle.executeUpdate('copy', { args: [{ action: 'pause' }] })).toMatchObject({ copyPaused: true });
  const lastOrders = () =>
    (world.calls.findLast(({ activity }) => activity === 'captureSlice')?.input as CaptureSliceInput).copy;
  const look = async () => JSON.stringify(lastOrders() ?? null);
  const pausedOnly = JSON.stringify({ paused: true, again: {} });
  await waitFor({ what: 'a slice that is told', seconds: 10, look, until: (orders) => orders === pausedOnly });
  await scenario.runs('capture', 3);
  expect(await look()).toBe(pausedOnly);
  await scenario.handle('capture').signal('copy', { action: 'resume' });
  await waitFor({ what: 'a slice without orders', seconds: 10, look, until: (orders) => orders === 'null' });
});

test('a table that is to be copied again: the slice under way ends for it, and the order is told until it is begun', async () => {
  const { world } = scenario;
  world.sliceMs = 60_000;
  const handle = await scenario.startCapture();
  await scenario.slices(1);
  await handle.signal('copy', { table: 'public.products' });
  const look = async () => world.copiedAgain['public.products'] ?? null;
  const request = await waitFor({ what: 'the order', seconds: 10, look, until: (found) => found !== null });
  const told = () =>
    world.calls
      .filter(({ activity }) => activity === 'captureSlice')
      .map(({ input }) => (input as CaptureSliceInput).copy ?? null);
  expect(told()).toEqual([null, { paused: false, again: { 'public.products': request } }]);
  // The slice that has begun it ends; the next one is told nothing.
  await handle.signal('pause');
  await scenario.captureStatus('PAUSED');
  await handle.signal('resume');
  await waitFor({ what: 'the next slice', seconds: 10, look: async () => told().length, until: (n) => n === 3 });
  expect(told().at(-1)).toBeNull();
  await handle.signal('copy', { table: 'public.nothing' });
  const errors = await waitFor({
    what: 'a refusal',
    seconds: 10,
    look: () => scenario.errors('capture'),
    until: ({ length }) => length > 0,
  });
  expect(errors.at(-1)?.message).toBe("copy: 'public.nothing' is not captured. Captured are public.products.");
});

test('a source that is set up wrongly blocks, and is prepared anew after retry', async () => {
  const { world } = scenario;
  world.before.prepareCapture = () => {
    throw failing('InvalidConfig', 'wal_level is replica; set it to logical');
  };
  const handle = await scenario.startCapture();
  expect((await scenario.captureStatus('BLOCKED')).problem).toMatchObject({ type: 'InvalidConfig' });
  world.before = {};
  await handle.signal('retry');
  await scenario.captureStatus('LIVE');
  expect(world.called('prepareCapture')).toBe(2);
});

test('a worker that ends is followed by another without a failed attempt', async () => {
  const { world } = scenario;
  world.sliceMs = 60_000;
  await scenario.startCapture();
  await scenario.slices(1);
  await scenario.stopWorkers();
  expect(world.slices.size).toBe(0);
  await scenario.startWorker();
  await scenario.slices(1);
  const { events } = await scenario.handle('capture').fetchHistory();
  const types = new Set(
    (events ?? []).map(
      ({ activityTaskFailedEventAttributes, activityTaskTimedOutEventAttributes }) =>
        activityTaskFailedEventAttributes ?? activityTaskTimedOutEventAttributes ?? null,
    ),
  );
  expect([...types]).toEqual([null]);
});

test('a worker that is gone without a word costs one schedule-to-start, then any other takes the slice', async () => {
  const { world } = scenario;
  world.logId = 'log-1';
  await scenario.startCapture({ ...initialCaptureState, logId: 'log-1', taskQueue: 'nobody-listens-here' });
  await scenario.captureStatus('LIVE');
});

test('a history that grows long is continued as new, with its state', async () => {
  await scenario.startCapture({ ...initialCaptureState, eventLimit: 30 });
  await scenario.runs('capture', 3);
  await scenario.captureStatus('LIVE');
  expect(scenario.world.called('prepareCapture')).toBe(1);
});

test('unknown names and wrong inputs are answered with what is right', async () => {
  const handle = await scenario.startCapture();
  await scenario.captureStatus('LIVE');
  await expect(handle.query('lag')).rejects.toThrow(
    "There is no query 'lag'. Known are status, offsets, errors, help.",
  );
  await expect(handle.executeUpdate('restart')).rejects.toMatchObject({
    cause: { message: expect.stringContaining("no update 'restart'") as string },
  });
  await expect(handle.executeUpdate('pause', { args: [{ store: 'search' }] })).rejects.toMatchObject({
    cause: { message: expect.stringContaining("this is 'capture'") as string },
  });
  await handle.signal('restart');
  await handle.signal('pause', 7);
  const errors = await waitFor({
    what: 'both',
    seconds: 10,
    look: () => scenario.errors('capture'),
    until: (found) => found.length === 2,
  });
  expect(errors[0]).toMatchObject({
    type: 'InvalidMessage',
    message: "There is no signal 'restart'. Known are pause, resume, retry, stop, copy.",
  });
  expect(errors[1]?.message).toBe('pause: the input is not an object. Send nothing, or {"store":"search"}.');
  expect(await handle.query('help')).toMatchObject({ signals: { pause: expect.any(String) as string } });
  const metadata = await handle.query<{ definition: { signalDefinitions: { name: string; description?: string }[] } }>(
    '__temporal_workflow_metadata',
  );
  expect(metadata.definition.signalDefinitions.find(({ name }) => name === 'pause')?.description).toContain('Input:');
});
