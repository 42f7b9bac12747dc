import { scenarioPerTest } from './support/scenario-per-test';
import type { Scenario } from './support/temporal';
import { failing, otherDefinition, type FakeGeneration } from './support/fake-world';
import { initialFollowState } from '../../workflows/follow-state';
import { waitFor } from '../support/wait';

let scenario: Scenario;
scenarioPerTest(async (fresh) => {
  scenario = fresh;
  scenario.world.logId = 'log-1';
  scenario.world.end = 200;
  scenario.world.speed = 20;
  await scenario.startWorker();
  await scenario.startFollow();
  await scenario.storeStatus('LIVE');
});

const order = { reason: 'new mapping' };

function rebuilt(number: number) {
  return scenario.storeStatus(
    ({ status, generations }) => status === 'LIVE' && generations.length === 1 && generations[0]?.number === number,
  );
}

function dropped(number: number) {
  const { world } = scenario;
  return waitFor({
    what: `generation ${number} to be dropped`,
    seconds: 20,
    look: async () => [...world.store('search').keys()],
    until: (numbers) => !numbers.includes(number),
  });
}

/**
 * What ends between two looks cannot be waited for: this generation's promotion stands still until the returned
 * function is called.
 */
function holdPromotion(number: number): () => void {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  scenario.world.before.promoteGeneration = ({ generation }) => (generation.number === number ? gate : undefined);
  return open;
}

/** Appends a position every few milliseconds until told to stop. */
function writing(): () => void {
  const timer = setInterval(() => (scenario.world.end += 1), 10);
  return () => clearInterval(timer);
}

test('an idle store is rebuilt: the next generation is promoted, the old one dropped', async () => {
  const promote = holdPromotion(2);
  await scenario.handle('search').signal('rebuild', order);
  const status = await scenario.storeStatus(({ rebuild }) => rebuild !== null);
  expect(status).toMatchObject({ status: 'REBUILDING', rebuild: { reason: 'new mapping' } });
  promote();
  await rebuilt(2);
  await dropped(1);
  expect(scenario.world.live.get('search')).toBe(2);
});

test('what a dropped generation has parked ends with it, also when Kafka was away just then', async () => {
  const { world } = scenario;
  world.parked.set('search', [1, 2]);
  let refused = 0;
  world.before.endParked = () => {
    refused += 1;
    // All attempts of one step, and then the step again: by then the store has nothing more to drop.
    if (refused <= 5) throw failing('Unavailable', 'no broker answers');
  };
  await scenario.handle('search').signal('rebuild', order);
  await dropped(1);
  await scenario.handle('search').signal('retry');
  await waitFor({
    what: 'the records of generation 1 to end',
    seconds: 30,
    look: async () => world.parked.get('search'),
    until: (generations) => generations?.join() === '2',
  });
});

test('under steady writes readers never go back, whichever lane is ahead when the other stops', async () => {
  const stop = writing();
  try {
    for (const number of [2, 3, 4]) {
      await scenario.handle('search').executeUpdate('rebuild', { args: [order] });
      await rebuilt(number);
    }
  } finally {
    stop();
  }
});

test('a new definition is checked, used, and kept by the rebuild after it', async () => {
  const definition = otherDefinition(scenario.world.pipeline, 'search');
  await scenario.handle('search').signal('rebuild', { ...order, definition });
  await rebuilt(2);
  await scenario.handle('search').signal('rebuild', order);
  await rebuilt(3);
  expect(scenario.world.liveGeneration('search')?.definition).toEqual(definition);
});

test('a wrong definition changes nothing and is kept in errors', async () => {
  scenario.world.before.checkDefinition = () => {
    throw failing('InvalidConfig', 'no such column');
  };
  await scenario.handle('search').signal('rebuild', { ...order, definition: { tables: {} } });
  await waitFor({
    what: 'the error',
    seconds: 20,
    look: () => scenario.errors('search'),
    until: (errors) => errors.some(({ type, message }) => type === 'InvalidConfig' && message === 'no such column'),
  });
  expect(await scenario.storeStatus('LIVE')).toMatchObject({ rebuild: null, generations: [{ number: 1 }] });
});

test('a live generation that is blocked is left behind by the next one', async () => {
  blockGeneration(1);
  await scenario.handle('search').signal('pause');
  await scenario.handle('search').signal('resume');
  await scenario.storeStatus('BLOCKED');
  await scenario.handle('search').signal('rebuild', order);
  await rebuilt(2);
  await dropped(1);
});

test('a blocked build is given up for the next order, and live goes on meanwhile', async () => {
  const { world } = scenario;
  blockGeneration(2);
  await scenario.handle('search').signal('rebuild', order);
  await scenario.storeStatus('BLOCKED');
  world.end += 10;
  await scenario.caughtUp();
  await scenario.handle('search').signal('rebuild', { reason: 'better mapping' });
  await rebuilt(3);
  await dropped(2);
});

test('so is one that is blocked in its promotion, once the store has said that readers do not use it', async () => {
  const { world } = scenario;
  world.before.promoteGeneration = ({ generation }) => {
    if (generation.number === 2) throw failing('InvalidConfig', 'views of others are built upon it');
  };
  await scenario.handle('search').signal('rebuild', order);
  expect((await scenario.storeStatus('BLOCKED')).problem).toMatchObject({ type: 'InvalidConfig' });
  await scenario.handle('search').signal('rebuild', { reason: 'without the column' });
  await rebuilt(3);
  await dropped(2);
});

test('a rebuild ordered while one runs waits for it; a later one takes its place', async () => {
  const { world } = scenario;
  world.copiesDone = false; // the first cannot end yet
  await scenario.handle('search').signal('rebuild', { reason: 'first' });
  await scenario.storeStatus(({ rebuild }) => rebuild?.reason === 'first');
  await scenario.handle('search').signal('rebuild', { reason: 'second' });
  await scenario.handle('search').signal('rebuild', { reason: 'third' });
  const promote = holdPromotion(3);
  world.copiesDone = true;
  const third = await scenario.storeStatus(({ rebuild }) => rebuild !== null && rebuild.reason !== 'first');
  expect(third.rebuild?.reason).toBe('third');
  promote();
  await rebuilt(3);
});

test('pause holds both lanes, in whatever phase', async () => {
  const { world } = scenario;
  world.copiesDone = false;
  await scenario.handle('search').signal('rebuild', order);
  await scenario.slices(2);
  await scenario.handle('search').signal('pause');
  await scenario.slices(0);
  world.copiesDone = true;
  expect(await scenario.storeStatus('PAUSED')).toMatchObject({ rebuild: { phase: 'building' } });
  await scenario.handle('search').signal('resume');
  await rebuilt(2);
});

test('a promotion that fails lets both lanes go on, and is tried again', async () => {
  const { world } = scenario;
  // As often as it is tried, the breaker's own tries included, until it is told otherwise.
  world.before.promoteGeneration = () => {
    throw failing('Unavailable', 'lock timeout');
  };
  await scenario.handle('search').signal('rebuild', order);
  await scenario.storeStatus('DEGRADED');
  await waitFor({
    what: 'a slice of a build that may be seen',
    seconds: 20,
    look: async () => world.followInputs(),
    until: (inputs) => inputs.some(({ generation, live }) => generation.number === 2 && live),
  });
  world.before = {};
  await scenario.handle('search').signal('retry');
  await rebuilt(2);
});

const steps = ['prepareGeneration', 'followSlice', 'promoteGeneration', 'dropGeneration', 'endParked'] as const;
test.each(steps)('a worker that leaves before %s of a rebuild is replaced by another', async (activity) => {
  const { world } = scenario;
  const stop = writing();
  try {
    let reached = () => undefined as void;
    const met = new Promise<void>((resolve) => (reached = resolve));
    let release = () => undefined as void;
    const released = new Promise<void>((resolve) => (release = resolve));
    let first = true;
    world.before[activity] = async (input: { generation?: Pick<FakeGeneration, 'number'>; number?: number }) => {
      const number = input.generation?.number ?? input.number;
      if (!first || (!['dropGeneration', 'endParked'].includes(activity) && number !== 2)) return;
      first = false;
      reached();
      await released;
      throw failing('Unavailable', 'the worker is leaving');
    };
    await scenario.handle('search').signal('rebuild', order);
    await met;
    const leaving = scenario.stopWorkers();
    release();
    await leaving;
    await scenario.startWorker();
    await rebuilt(2);
    await dropped(1);
  } finally {
    stop();
  }
});

test('continue-as-new in the middle of a rebuild loses nothing', async () => {
  const { world } = scenario;
  await scenario.handle('search').terminate('to begin anew, with short runs');
  await scenario.slices(0);
  world.sliceMs = 30;
  world.copiesDone = false;
  const handle = await scenario.startFollow('search', { ...initialFollowState, version: 1, eventLimit: 40 });
  await handle.signal('rebuild', order);
  await scenario.runs('search', 3);
  expect((await scenario.storeStatus(({ rebuild }) => rebuild !== null)).rebuild).toMatchObject(order);
  world.copiesDone = true;
  await rebuilt(2);
  await dropped(1);
});

function blockGeneration(number: number): void {
  scenario.world.before.followSlice = (input) => {
    if (input.generation.number === number) throw failing('Blocked', 'a record the store refuses', 'unstorable');
  };
}
