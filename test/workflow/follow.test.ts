import { WithStartWorkflowOperation } from '@temporalio/client';
import { sendParked } from '../../client/parked/send';
import { followWorkflowId } from '../../model/names';
import { scenarioPerTest } from './support/scenario-per-test';
import type { Scenario } from './support/temporal';
import { failing } from './support/fake-world';
import { waitFor } from '../support/wait';

let scenario: Scenario;
scenarioPerTest((fresh) => {
  scenario = fresh;
  scenario.world.logId = 'log-1';
});

test('a store without anything gets its first generation, which is promoted once it has caught up', async () => {
  const { world } = scenario;
  await scenario.startWorker();
  await scenario.startFollow();
  const status = await scenario.storeStatus('LIVE');
  expect(status.generations).toMatchObject([{ number: 1, role: 'live' }]);
  expect(world.live.get('search')).toBe(1);
  world.end += 20;
  await scenario.caughtUp();
});

test('nothing is promoted before the copies are done', async () => {
  const { world } = scenario;
  world.copiesDone = false;
  world.sliceMs = 100;
  await scenario.startWorker();
  await scenario.startFollow();
  await waitFor({
    what: 'three slices',
    seconds: 10,
    look: async () => world.called('followSlice'),
    until: (n) => n > 3,
  });
  expect(await scenario.storeStatus('CATCHING_UP')).toMatchObject({ rebuild: null });
  expect(world.called('promoteGeneration')).toBe(0);
  world.copiesDone = true;
  await scenario.storeStatus('LIVE');
});

test('pause ends the slice with its progress, resume goes on from there', async () => {
  const { world } = scenario;
  world.sliceMs = 60_000;
  await scenario.startWorker();
  const handle = await scenario.startFollow();
  await scenario.storeStatus('LIVE');
  await scenario.slices(1);
  await handle.signal('pause');
  await scenario.slices(0);
  expect(await scenario.storeStatus('PAUSED')).toMatchObject({ problem: null });
  const before = world.called('followSlice');
  world.end += 7;
  expect(await handle.executeUpdate('resume')).toMatchObject({ status: 'CATCHING_UP' });
  await scenario.caughtUp();
  expect(world.followInputs()[before]?.remembered).not.toBeNull();
  await scenario.storeStatus('LIVE');
});

test('an order that waits when a run begins is obeyed by it, and not called unknown', async () => {
  await scenario.startWorker();
  const startWorkflowOperation = new WithStartWorkflowOperation('follow', {
    ...{ workflowId: followWorkflowId(scenario.name, 'search'), workflowIdConflictPolicy: 'FAIL' },
    ...{ taskQueue: scenario.taskQueue, args: [{ pipeline: scenario.world.pipeline, store: 'search' }] },
  });
  const status = scenario.client.workflow.executeUpdateWithStart('pause', { startWorkflowOperation });
  expect(await status).toMatchObject({ status: 'PAUSED' });
});

describe('an update about parked records', () => {
  const skip = { action: 'skip', key: '0c5f6b2a91de', offset: 'all' } as const;

  test('is answered when it is done; and one about a key that is not parked fails, by a type of its own', async () => {
    scenario.world.parkedKeys.add(skip.key);
    await scenario.startWorker();
    const handle = await scenario.startFollow();
    await scenario.storeStatus('LIVE');
    expect(await handle.executeUpdate('parked', { args: [skip] })).toMatchObject({ status: 'LIVE' });
    expect(scenario.world.parkedKeys.size).toBe(0);
    const again: unknown = await handle.executeUpdate('parked', { args: [skip] }).catch((error: unknown) => error);
    expect(again).toMatchObject({
      cause: { type: 'NotParked', message: expect.stringMatching(/0c5f6b2a91de/) as string },
    });
    expect(await scenario.errors('search')).toMatchObject([{ type: 'InvalidMessage' }]);
    await scenario.storeStatus('LIVE');
    // As the command line sends it.
    const send = () => sendParked(scenario.client, scenario.name, { store: 'search', ...skip });
    await expect(send()).rejects.toMatchObject({ outcome: 'notFound' });
    scenario.world.parkedKeys.add(skip.key);
    await send();
    const accept = sendParked(scenario.client, scenario.name, { store: 'search', action: 'accept' });
    await expect(accept).rejects.toMatchObject({ outcome: 'failed' });
  });

  test('does not wait for a lane that is paused, nor keeps a stop waiting; what it ordered is done all the same', async () => {
    const { world } = scenario;
    await scenario.startWorker();
    const handle = await scenario.startFollow();
    await scenario.storeStatus('LIVE');
    let open = () => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    world.before.followSlice = ({ parkedOrder }) => (parkedOrder ? opened : undefined);
    const waiting = handle.executeUpdate('parked', { args: [skip] });
    await handle.executeUpdate('pause');
    expect(await waiting).toMatchObject({ status: 'PAUSED' });
    expect(await handle.executeUpdate('parked', { args: [skip] })).toMatchObject({ status: 'PAUSED' });
    open();
    await handle.signal('resume');
    const look = async () => (await scenario.errors('search')).map(({ count }) => count);
    await waitFor({ what: 'both orders', seconds: 10, look, until: ([count]) => count === 2 });
    world.before.followSlice = ({ parkedOrder }) =>
      parkedOrder ? new Promise((resolve) => (open = resolve)) : undefined;
    const last = handle.executeUpdate('parked', { args: [skip] });
    const begun = async () => world.followInputs().filter(({ parkedOrder }) => parkedOrder).length;
    await waitFor({ what: 'the last order', seconds: 10, look: begun, until: (n) => n === 3 });
    await handle.signal('stop');
    await last;
    open();
    expect(await handle.result()).toMatchObject({ status: 'STOPPED' });
  });
});

test('what keeps failing is DEGRADED, and LIVE again when retry finds it mended', async () => {
  const { world } = scenario;
  world.sliceMs = 50;
  await scenario.startWorker();
  const handle = await scenario.startFollow();
  await scenario.storeStatus('LIVE');
  world.before.followSlice = () => {
    throw failing('Unavailable', 'the store does not answer');
  };
  const degraded = await scenario.storeStatus('DEGRADED');
  expect(degraded.problem).toMatchObject({ type: 'Unavailable', message: 'the store does not answer' });
  world.before = {};
  await handle.signal('retry');
  await scenario.storeStatus('LIVE');
  expect(await scenario.errors('search')).toMatchObject([{ type: 'Unavailable', count: 1 }]);
});

test('a block waits for a person, and goes on after retry', async () => {
  const { world } = scenario;
  world.sliceMs = 50;
  await scenario.startWorker();
  const handle = await scenario.startFollow();
  await scenario.storeStatus('LIVE');
  world.before.followSlice = () => {
    throw failing('Blocked', 'the log is cut', 'log-truncated');
  };
  const blocked = await scenario.storeStatus('BLOCKED');
  expect(blocked.problem).toMatchObject({ type: 'Blocked', reason: 'log-truncated', message: 'the log is cut' });
  const calls = world.called('followSlice');
  world.before = {};
  expect(world.called('followSlice')).toBe(calls);
  await handle.executeUpdate('retry');
  await scenario.storeStatus('LIVE');
});

test('stop returns the progress and ends the workflow', async () => {
  await scenario.startWorker();
  const handle = await scenario.startFollow();
  await scenario.storeStatus('LIVE');
  await handle.signal('stop');
  expect(await handle.result()).toMatchObject({ store: 'search', status: 'STOPPED' });
});

test('cancelling the workflow is a stop', async () => {
  await scenario.startWorker();
  const handle = await scenario.startFollow();
  await scenario.storeStatus('LIVE');
  await handle.cancel();
  expect(await handle.result()).toMatchObject({ status: 'STOPPED' });
});
