import type { Applied, Batch, Store } from '../../../stores/store';
import { createWorld, newEnvironment, next, pieces, prepared, run, topic } from './lane-world';

/** A store that takes so many batches at once and answers each when the test says so. */
function slowStore(batchesAtOnce: Store['batchesAtOnce']) {
  const asked: { readonly batch: Batch; readonly answer: (error?: Error) => void }[] = [];
  let heard = () => {};
  const store = (real: Store): Store => {
    let before: Promise<unknown> = Promise.resolve();
    return {
      ...real,
      batchesAtOnce,
      apply(generation, batch, signal) {
        const allowed = new Promise<void>((resolve, reject) => {
          asked.push({ batch, answer: (error) => (error ? reject(error) : resolve()) });
        });
        heard();
        const applied: Promise<Applied> = Promise.all([before, allowed]).then(() =>
          real.apply(generation, batch, signal),
        );
        before = applied;
        return applied;
      },
    };
  };
  return {
    store,
    asked,
    /** Resolves once the store has been asked so often. */
    async untilAsked(times: number): Promise<void> {
      while (asked.length < times) await new Promise<void>((resolve) => (heard = resolve));
    },
  };
}

/** What cannot happen any more has had its chance: several turns of the event loop. */
async function rest(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const three = pieces([true, true, true]);

test('the next batch is handed over while the store works on one, and no third', async () => {
  const slow = slowStore(2);
  const world = await prepared(createWorld(three, { store: slow.store }));
  const { result, beats } = run(world);
  await slow.untilAsked(2);
  await rest();
  expect(slow.asked.map(({ batch }) => [batch.from, batch.to])).toEqual([
    [{}, next(1, 1)],
    [next(1, 1), next(2, 2)],
  ]);
  // Invariant 3: nothing is reported of what the store has not answered.
  expect(beats.map((beat) => beat.next[topic])).toEqual(beats.map(() => undefined));
  slow.asked[1]?.answer();
  await rest();
  expect(slow.asked).toHaveLength(2);
  slow.asked[0]?.answer();
  await slow.untilAsked(3);
  slow.asked[2]?.answer();
  expect((await result).progress).toMatchObject({ next: next(3, 3), upserts: 3, batches: 3 });
});

/** Whether the store, having been handed the first of three, is handed nothing more before it answers; then all three. */
async function expectOneAtATime(slow: ReturnType<typeof slowStore>, store: (real: Store) => Store): Promise<void> {
  const world = await prepared(createWorld(three, { store }));
  const { result } = run(world);
  await slow.untilAsked(1);
  await rest();
  expect(slow.asked).toHaveLength(1);
  for (const at of [1, 2, 3]) {
    await slow.untilAsked(at);
    slow.asked[at - 1]?.answer();
  }
  expect((await result).progress.next).toEqual(next(3, 3));
}

test('where readers look from time to time, what has just come is not handed over behind it: it may grow', async () => {
  const slow = slowStore(2);
  await expectOneAtATime(slow, (real) => ({ ...slow.store(real), gatherMs: 1 }));
});

test('control: a store that takes one is handed one', async () => {
  const slow = slowStore(1);
  await expectOneAtATime(slow, slow.store);
});

test('a batch that fails ends the slice once the one behind it has ended too', async () => {
  const slow = slowStore(2);
  let ended = false;
  const store = (real: Store): Store => {
    const one = slow.store(real);
    return {
      ...one,
      async apply(...request) {
        const second = slow.asked.length === 1;
        try {
          return await one.apply(...request);
        } finally {
          if (second) {
            await rest();
            ended = true;
          }
        }
      },
    };
  };
  const world = await prepared(createWorld(three, { store }));
  const { result } = run(world);
  await slow.untilAsked(2);
  slow.asked[0]?.answer(new Error('disk full'));
  await expect(result).rejects.toThrow('disk full');
  expect(ended).toBe(true);
  expect(slow.asked).toHaveLength(2);
});

test('cancelled while two are under way it returns what the store holds by then', async () => {
  const slow = slowStore(2);
  const world = await prepared(createWorld(three, { store: slow.store }));
  const environment = newEnvironment();
  const { result } = run(world, {}, environment);
  await slow.untilAsked(2);
  slow.asked[0]?.answer();
  environment.cancel('CANCELLED');
  slow.asked[1]?.answer();
  const { progress } = await result;
  expect(world.durable.generations.get(1)?.next).toEqual(progress.next);
});

test('while the store answers nothing, heartbeats tell how far the lane falls behind', async () => {
  // The beats are the timer's; everything else takes its time.
  jest.useFakeTimers({
    doNotFake: ['Date', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setTimeout'],
  });
  try {
    const slow = slowStore(1);
    const world = await prepared(createWorld(three, { store: slow.store }));
    const { result, beats } = run(world);
    await slow.untilAsked(1);
    await rest();
    jest.advanceTimersByTime(1_000);
    expect(beats.at(-1)).toMatchObject({ next: {}, lagRecords: 3, lagSeconds: 0.995 });
    for (const at of [1, 2, 3]) {
      await slow.untilAsked(at);
      slow.asked[at - 1]?.answer();
    }
    expect((await result).progress.next).toEqual(next(3, 3));
  } finally {
    jest.useRealTimers();
  }
});
