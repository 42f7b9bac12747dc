import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { FollowSliceInput } from '../../../activities/activities';
import type { Deps } from '../../../activities/deps';
import { openLaneSession } from '../../../activities/lane-session';
import { observed } from '../../../activities/observed';
import { blindObserver, type ActivityAttempt, type LaneName, type LaneView } from '../../../activities/observer';
import { Fenced, Unavailable } from '../../../model/errors';
import { parsePipeline } from '../../../model/pipeline';
import type { Ahead, LaneReader } from '../../../stream/log';
import type { Store } from '../../../stores/store';

const pipeline = parsePipeline({
  name: 'shop',
  source: { url: { env: 'URL' }, tables: ['public.orders'] },
  stores: { replica: { type: 'postgres', url: { env: 'URL' }, schema: 'shop', tables: { 'public.orders': {} } } },
});

describe('attempts', () => {
  const seen: unknown[] = [];
  const observer = {
    ...blindObserver,
    begun: (attempt: ActivityAttempt) => {
      seen.push(attempt);
      return (error?: unknown) => void seen.push(error ?? 'well');
    },
  };
  const environment = () => new MockActivityEnvironment({ attempt: 3 }, { logger: new DefaultLogger('ERROR') });
  beforeEach(() => seen.splice(0));

  it('one that ends well is seen with whose it is', async () => {
    const run = observed('followSlice', observer, (input: object) => Promise.resolve(Object.keys(input).length));
    expect(await environment().run(() => run({ pipeline, store: 'replica' }))).toBe(2);
    expect(seen).toEqual([
      { activity: 'followSlice', pipeline: 'shop', store: 'replica', attempt: 3, workflowId: 'test' },
      'well',
    ]);
  });

  it('one that fails is seen with the error as it was thrown, and a file that is not checked has no name', async () => {
    const error = new Fenced('taken');
    const run = observed('checkPipeline', observer, (_: { file: unknown }) => Promise.reject(error));
    await expect(environment().run(() => run({ file: { name: 'anything' } }))).rejects.toBe(error);
    expect(seen).toMatchObject([{ activity: 'checkPipeline', pipeline: '', store: '' }, error]);
  });
});

it('a lane is known from the opening of its session to its end, with what it has in hand', async () => {
  const open = new Map<LaneName, () => LaneView>();
  const ahead: Ahead = { caughtUp: true, records: 0, oldestAt: null };
  const deps = {
    secret: () => 'url',
    openStore: () => ({ close: async () => undefined }) as unknown as Store,
    openReader: async () => ({ ahead: () => ahead, close: async () => undefined }) as unknown as LaneReader,
    hasParked: async () => false,
    observer: {
      ...blindObserver,
      laneOpened: (lane: LaneName, look: () => LaneView) => {
        open.set(lane, look);
        return () => void open.delete(lane);
      },
    },
  } as unknown as Deps;
  const definition = pipeline.stores['replica'];
  if (!definition) throw new Error('the pipeline of this test has no replica');
  const generation = { number: 2, definition, mappingHash: 'm', logId: 'log' };
  const input: FollowSliceInput = { pipeline, store: 'replica', generation, lane: 0, live: true, remembered: null };

  const session = await openLaneSession(deps, input);
  expect([...open.keys()]).toEqual([{ pipeline: 'shop', store: 'replica', generation: 2, lane: 0 }]);
  const look = [...open.values()][0];
  expect(look?.()).toEqual({ caughtUp: true, records: 0, oldestAt: null, parked: 0 });
  // Handed out by the reader, so not ahead of it any more, and not in the store either.
  session.inHand = { records: 7, oldestAt: 5 };
  expect(look?.()).toEqual({ caughtUp: false, records: 7, oldestAt: 5, parked: 0 });
  await session.close();
  expect(open.size).toBe(0);
});

it('a session that cannot be opened whole leaves nothing open, and is not known', async () => {
  const closed: string[] = [];
  const closing = (name: string) => ({ close: async () => void closed.push(name) });
  const deps = {
    secret: () => 'url',
    openStore: () => closing('store') as unknown as Store,
    openReader: async () => closing('reader') as unknown as LaneReader,
    hasParked: () => Promise.reject(new Unavailable('no broker')),
    observer: {
      ...blindObserver,
      laneOpened: () => {
        throw new Error('told of a lane that is not open');
      },
    },
  } as unknown as Deps;
  const definition = pipeline.stores['replica'];
  if (!definition) throw new Error('the pipeline of this test has no replica');
  const generation = { number: 2, definition, mappingHash: 'm', logId: 'log' };
  const input: FollowSliceInput = { pipeline, store: 'replica', generation, lane: 0, live: true, remembered: null };
  await expect(openLaneSession(deps, input)).rejects.toThrow('no broker');
  expect(closed.sort()).toEqual(['reader', 'store']);
});
