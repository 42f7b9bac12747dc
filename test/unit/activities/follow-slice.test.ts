import { ActivityCancellationDetails } from '@temporalio/common';
import type { Offsets } from '../../../model/offsets';
import type { PositionRecord } from '../../../stream/log';
import type { StoreContext } from '../../../stores/store';
import { openMemoryStore, readMemory } from '../../support/memory-store';
import { topic, pipeline, next, pieces, createWorld, prepared, newEnvironment, run, type World } from './lane-world';

describe('a slice of a lane', () => {
  test('applies everything and ends in time, with what the store durably holds', async () => {
    const world = await prepared(createWorld(pieces([true, true, true])));
    const { progress, ended, caughtUp, taskQueue } = await run(world).result;
    expect({ ended, caughtUp, taskQueue }).toEqual({ ended: 'time', caughtUp: true, taskQueue: 'private' });
    expect(progress).toMatchObject({ next: next(3, 3), upserts: 3, batches: 3 });
    expect(openedNext(world)).toEqual(next(3, 3));
  });

  test('Invariant 3: no offset is reported while the store holds the batch in its open transaction', async () => {
    const world = await prepared(createWorld(pieces([true, false, false, true])));
    const { result, beats } = run(world);
    await result;
    const reported = beats.map((beat) => beat.next[topic]?.['0'] ?? '0');
    expect(reported).toEqual(expect.arrayContaining(['0', '1', '4']));
    expect(reported).not.toEqual(expect.arrayContaining(['2']));
    expect(reported).not.toEqual(expect.arrayContaining(['3']));
  });

  test('a slice whose time is up goes on to the next closed point', async () => {
    const long = pieces([true, ...Array<boolean>(14).fill(false), true, true]);
    const world = await prepared(createWorld(long));
    const { progress, ended } = await run(world).result;
    expect(ended).toBe('time');
    expect(progress.next).toEqual(next(16, 2));
  });

  test('cancelled while the store applies a batch it returns what the store holds, and not the cut', async () => {
    const environment = newEnvironment();
    let applied = 0;
    const world = await prepared(
      createWorld(pieces([true, true]), {
        store: (real) => ({
          ...real,
          async apply(generation, batch, signal) {
            applied += 1;
            if (applied === 2) {
              environment.cancel('CANCELLED', new ActivityCancellationDetails({ workerShutdown: true }));
              signal.throwIfAborted();
            }
            return real.apply(generation, batch, signal);
          },
        }),
      }),
    );
    const { result } = run(world, {}, environment);
    expect(await result).toMatchObject({ ended: 'worker-shutdown', progress: { next: next(1, 1) } });
  });

  test('cancelled in the middle of a transaction it returns the last closed point, and the next slice begins there', async () => {
    const log = pieces([true, false, false, true]);
    const environment = newEnvironment();
    let applied = 0;
    const world = await prepared(
      createWorld(log, {
        store: (real) => ({
          ...real,
          async apply(...request) {
            const result = await real.apply(...request);
            applied += 1;
            if (applied === 2)
              environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
            return result;
          },
        }),
      }),
    );
    const first = await run(world, {}, environment).result;
    expect(first).toMatchObject({ ended: 'cancelled', progress: { next: next(1, 1) } });
    const second = await run(world, { remembered: first.progress.next }).result;
    expect(second.progress).toMatchObject({ next: next(4, 2), upserts: 3 });
  });

  test('while the store works on one micro-batch the next is taken; control: in step mode it waits for its turn', async () => {
    const takenDuringFirst = async (slice: object) => {
      const taken: number[] = [];
      const world = await prepared(
        createWorld(pieces([true, true]), {
          store: (real) => ({
            ...real,
            async apply(...request) {
              await new Promise((resolve) => setImmediate(resolve));
              taken.push(world.taken);
              return real.apply(...request);
            },
          }),
        }),
      );
      await run(world, { pipeline: { ...pipeline, slice: { ...pipeline.slice, ...slice } } }).result;
      return taken[0];
    };
    expect(await takenDuringFirst({})).toBe(2);
    expect(await takenDuringFirst({ batches: 1 })).toBe(1);
  });

  test('what was taken ahead is applied before the slice ends, so that its reader can be gone on with', async () => {
    let applied = 0;
    const world = await prepared(
      createWorld(pieces([true, true, true]), {
        store: (real) => ({
          ...real,
          async apply(...request) {
            await new Promise((resolve) => setImmediate(resolve));
            applied += 1;
            // Its time is up while the first is applied, and by then the second is taken.
            if (applied === 1) world.clock += 10_000;
            return real.apply(...request);
          },
        }),
      }),
    );
    const { ended, progress } = await run(world).result;
    expect({ ended, taken: world.taken, next: progress.next }).toEqual({ ended: 'time', taken: 2, next: next(2, 2) });
  });

  test('a record that cannot be read ends the slice after the store has answered for the one before it', async () => {
    const log = pieces([true, true]);
    const damaged = log.map((piece, at) =>
      at === 0 ? piece : { ...piece, records: piece.records.map((one) => ({ ...one, value: Buffer.from('{') })) },
    );
    let answered = false;
    const world = await prepared(
      createWorld(damaged, {
        store: (real) => ({
          ...real,
          async apply(...request) {
            for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
            answered = true;
            return real.apply(...request);
          },
        }),
      }),
    );
    await expect(run(world).result).rejects.toMatchObject({ name: 'Blocked', reason: 'undecodable' });
    expect(answered).toBe(true);
    expect(openedNext(world)).toEqual(next(1, 1));
  });

  test('step mode: one micro-batch a slice', async () => {
    const world = await prepared(createWorld(pieces([true, true])));
    const stepping = { ...pipeline, slice: { ...pipeline.slice, batches: 1 } };
    expect(await run(world, { pipeline: stepping }).result).toMatchObject({
      ended: 'batches',
      progress: { next: next(1, 1) },
    });
    expect(await run(world, { pipeline: stepping }).result).toMatchObject({
      ended: 'batches',
      progress: { next: next(2, 2) },
    });
  });

  test('until: ends exactly there', async () => {
    const world = await prepared(createWorld(pieces([true, true, true])));
    expect(await run(world, { until: '2' }).result).toMatchObject({ ended: 'until', progress: { next: next(2, 2) } });
  });

  const last = (done: boolean): PositionRecord => ({
    version: 1,
    logId: 'log',
    systemId: '1',
    timeline: 1,
    position: { lsn: '2', index: 0 },
    closed: true,
    ends: {},
    copies: { 'public.orders': { done, after: null, rows: 0 } },
    committedAt: 1,
  });

  test.each([
    [true, 'caught-up', true],
    [false, 'time', false],
  ])('a generation being built: copies done %s → %s', async (done, expected, copiesDone) => {
    const world = await prepared(createWorld(pieces([true, true]), { last: last(done) }));
    const slice = run(world, { live: false, endWhenCaughtUp: true });
    expect(await slice.result).toMatchObject({ ended: expected, copiesDone, progress: { next: next(2, 2) } });
  });

  test('under steady writes, where a newer record always waits, a build is complete once it has passed the one it asked for', async () => {
    const steady = { busy: true, last: { ...last(true), closed: false } };
    const world = await prepared(createWorld(pieces([true, true, false, true, true, true, true]), steady));
    const slice = run(world, { live: false, endWhenCaughtUp: true });
    // The record asked for stands at offset 1 of the positions topic; the lane had passed none when it asked.
    expect(await slice.result).toMatchObject({ ended: 'caught-up', copiesDone: true, progress: { next: next(2, 2) } });
  });

  test('a live lane of a store without transactions ends at a closed point all the same', async () => {
    const log = pieces([true, ...Array<boolean>(14).fill(false), true, true]);
    const world = await prepared(
      createWorld(log, {
        store: (real) => ({
          ...real,
          apply: async (generation, batch, signal) => ({
            ...(await real.apply(generation, { ...batch, live: false }, signal)),
          }),
        }),
      }),
    );
    expect(await run(world).result).toMatchObject({ ended: 'time', progress: { next: next(16, 2) } });
  });

  test('caught up is judged by the log’s own last record, not by what the lane happened to see', async () => {
    const world = await prepared(createWorld(pieces([true]), { last: last(true) }));
    // The last record stands at offset 1 of the positions topic; this lane has only seen the one before it.
    expect(await run(world, { live: false, endWhenCaughtUp: true }).result).toMatchObject({
      ended: 'time',
      copiesDone: false,
    });
  });

  test('a store that refuses ends the session: the next slice opens a new reader and store', async () => {
    let refuse = true;
    const world = await prepared(
      createWorld(pieces([true]), {
        store: (real) => ({
          ...real,
          apply: (...request) => (refuse ? Promise.reject(new Error('disk full')) : real.apply(...request)),
        }),
      }),
    );
    await expect(run(world).result).rejects.toThrow('disk full');
    expect(world.closed).toEqual(['reader']);
    refuse = false;
    await run(world).result;
    expect(readMemory(world.durable, 'orders')).toBeNull(); // not promoted: readers see nothing
    expect(openedNext(world)).toEqual(next(1, 1));
  });

  test('a pipeline started again with its store elsewhere fills that one, though the session of before is still warm', async () => {
    const world = await prepared(createWorld(pieces([true])));
    await run(world).result;
    const elsewhere = (await prepared(createWorld([]))).durable;
    const { openStore } = world.deps;
    Object.assign(world.deps, {
      openStore: (context: StoreContext) =>
        'schema' in context.definition && context.definition.schema === 'elsewhere'
          ? openMemoryStore(context, elsewhere)
          : openStore(context),
    });
    const { replica } = pipeline.stores;
    if (replica?.type !== 'postgres') throw new Error('the pipeline of this test has no replica');
    const definition = { ...replica, schema: 'elsewhere' };
    const generation = { number: 1, definition, mappingHash: 'm', logId: 'log' };
    expect(await run(world, { generation, live: false }).result).toMatchObject({ progress: { upserts: 1 } });
    expect(elsewhere.generations.get(1)?.next).toEqual(next(1, 1));
  });

  test('what the workflow remembers beyond the store’s record blocks the lane', async () => {
    const world = await prepared(createWorld(pieces([true])));
    await expect(run(world, { remembered: next(7, 7) }).result).rejects.toMatchObject({
      name: 'Blocked',
      reason: 'store-behind',
    });
  });
});

function openedNext(world: World): Offsets | undefined {
  return world.durable.generations.get(1)?.next;
}
