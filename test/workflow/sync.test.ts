import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { scenarioPerTest } from './support/scenario-per-test';
import type { Scenario } from './support/temporal';
import { FakeWorld, failing } from './support/fake-world';
import { waitFor } from '../support/wait';

let scenario: Scenario;
const openBeside = scenarioPerTest(async (fresh) => {
  scenario = fresh;
  scenario.world.sliceMs = 200;
  await scenario.startWorker();
});

async function failureOf(result: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await result.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure) return error.cause;
  throw new Error(`expected a failed workflow, got ${String(error)}`);
}

function runIdOf(part: string): Promise<string> {
  return scenario
    .handle(part)
    .describe()
    .then(({ runId }) => runId);
}

test('a pipeline file is all it takes: every part becomes LIVE, and the whole with them', async () => {
  await scenario.startSync();
  const status = await scenario.syncStatus('LIVE');
  expect(Object.keys(status.stores)).toEqual(['replica', 'search']);
  expect(status.capture.status).toBe('LIVE');
  const offsets = await scenario.handle().query('offsets');
  expect(offsets).toMatchObject({ stores: { search: { 1: expect.any(Object) as object } } });
  const searchAttributes = await waitFor({
    what: 'the search attributes to say LIVE',
    seconds: 10,
    look: async () => (await scenario.handle('search').describe()).searchAttributes,
    until: ({ SyncStatus: status }) => status?.[0] === 'LIVE',
  });
  expect(searchAttributes).toMatchObject({
    SyncPipeline: [scenario.name],
    SyncStore: ['search'],
    SyncStatus: ['LIVE'],
    SyncGeneration: [1],
  });
});

test('a wrong file fails at once, before anything is started', async () => {
  const handle = await scenario.startSync({ ...scenario.world.file, extra: true });
  expect(await failureOf(handle.result())).toMatchObject({ type: 'InvalidConfig', message: 'not the file' });
  await expect(scenario.handle('capture').describe()).rejects.toThrow();
});

test('a workflow id that is not the pipeline’s is refused', async () => {
  const id = `sync/${scenario.name}-2`;
  const handle = await scenario.start('sync', id, scenario.world.file);
  const failure = await failureOf(handle.result());
  expect(failure.type).toBe('InvalidConfig');
  expect(failure.message).toContain(`--workflow-id sync/${scenario.name}`);
});

test('a source that is away is waited for, and retry asks again', async () => {
  scenario.world.before.checkPipeline = () => {
    throw failing('Unavailable', 'the source does not answer');
  };
  const handle = await scenario.startSync();
  expect((await scenario.syncStatus('DEGRADED')).capture.problem).toMatchObject({ type: 'Unavailable' });
  scenario.world.before = {};
  await handle.signal('retry');
  await scenario.syncStatus('LIVE');
});

test('messages are passed on: to one part, or to all', async () => {
  const handle = await scenario.startSync();
  await scenario.syncStatus('LIVE');
  await handle.signal('pause', { store: 'search' });
  expect(await scenario.syncStatus('PAUSED')).toMatchObject({
    capture: { status: 'LIVE' },
    stores: { replica: { status: 'LIVE' } },
  });
  await handle.signal('pause');
  await scenario.syncStatus(({ capture, stores }) =>
    [capture, ...Object.values(stores)].every(({ status }) => status === 'PAUSED'),
  );
  await handle.signal('resume');
  await scenario.syncStatus('LIVE');
  await handle.signal('rebuild', { store: 'replica', reason: 'drill' });
  await scenario.syncStatus(({ stores, status }) => status === 'LIVE' && stores.replica?.generations[0]?.number === 2);
  await handle.signal('rebuild', { store: 'nowhere', reason: 'drill' });
  await handle.signal('rebuild', { reason: 'drill' });
  const errors = await waitFor({
    what: 'both errors',
    seconds: 10,
    look: () => scenario.errors(),
    until: (found) => found.length === 2,
  });
  expect(errors[0]?.message).toContain("there is no 'nowhere'. There are capture, replica, search.");
  expect(errors[1]?.message).toContain("'store' is missing");
});

test('stop ends every part in order, and the sync', async () => {
  const handle = await scenario.startSync();
  await scenario.syncStatus('LIVE');
  await handle.signal('stop');
  expect(await handle.result()).toMatchObject({ status: 'STOPPED', capture: { status: 'STOPPED' } });
  for (const part of ['capture', 'replica', 'search']) {
    expect(await scenario.handle(part).result()).toMatchObject({ status: 'STOPPED' });
  }
});

test('a sync that was terminated leaves its children running, and the next one adopts them', async () => {
  await scenario.startSync();
  await scenario.syncStatus('LIVE');
  const before = await Promise.all(['capture', 'replica', 'search'].map(runIdOf));
  await scenario.handle().terminate('a mistake');
  await scenario.startSync();
  await scenario.syncStatus('LIVE');
  expect(await Promise.all(['capture', 'replica', 'search'].map(runIdOf))).toEqual(before);
});

test('children that run under another configuration are a conflict, and nothing is started beside them', async () => {
  await scenario.startSync();
  await scenario.syncStatus('LIVE');
  await scenario.handle().terminate('a mistake');
  await scenario.handle('search').signal('stop');
  await scenario.handle('search').result();
  await scenario.stopWorkers();
  const other = new FakeWorld(scenario.name, { log: { partitions: 9 } });
  const second = openBeside(other);
  await second.startWorker();
  try {
    const handle = await second.startSync();
    const failure = await failureOf(handle.result());
    expect(failure.type).toBe('InvalidConfig');
    expect(failure.message).toContain('already runs, under another configuration');
    expect((await scenario.handle('search').describe()).status.name).toBe('COMPLETED');
  } finally {
    await second.stopWorkers();
  }
});

test('a child that is terminated is started again, and said in errors', async () => {
  await scenario.startSync();
  await scenario.syncStatus('LIVE');
  const before = await runIdOf('search');
  await scenario.handle('search').terminate('a mistake');
  await waitFor({
    what: 'another run',
    seconds: 20,
    look: () => runIdOf('search'),
    until: (runId) => runId !== before,
  });
  await scenario.syncStatus('LIVE');
  expect(await scenario.errors()).toMatchObject([{ type: 'ChildEnded' }]);
  expect(scenario.world.live.get('search')).toBe(1); // adopted, not built again
});

test('a part that was stopped by itself stays so until resume', async () => {
  const handle = await scenario.startSync();
  await scenario.syncStatus('LIVE');
  await handle.signal('stop', { store: 'search' });
  await scenario.handle('search').result();
  await scenario.syncStatus(({ stores }) => stores.search?.status === 'STOPPED');
  await handle.signal('resume', { store: 'search' });
  await scenario.syncStatus(({ stores }) => stores.search?.status === 'LIVE');
});

test('a sync that continues as new keeps its children, and notices when one ends', async () => {
  const handle = await scenario.startSync();
  await scenario.syncStatus('LIVE');
  const first = (await handle.describe()).runId;
  const children = await Promise.all(['capture', 'replica'].map(runIdOf));
  // Unknown names cost one event each and change nothing.
  for (let sent = 0; sent < 2_000; sent += 50) {
    await Promise.all(Array.from({ length: 50 }, () => scenario.handle().signal('nothing')));
  }
  await waitFor({
    what: 'another run',
    seconds: 60,
    look: async () => (await scenario.handle().describe()).runId,
    until: (runId) => runId !== first,
  });
  await scenario.syncStatus('LIVE');
  expect(await Promise.all(['capture', 'replica'].map(runIdOf))).toEqual(children);
  await scenario.handle('search').terminate('a mistake');
  await scenario.handle().signal('retry', { store: 'search' });
  await waitFor({
    what: 'search again',
    seconds: 60,
    look: () => scenario.errors(),
    until: (found) => found.some(({ type }) => type === 'ChildEnded'),
  });
  await scenario.syncStatus(({ stores }) => stores.search?.status === 'LIVE');
});
