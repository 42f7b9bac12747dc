import {
  captureSliceEnded,
  initialCaptureState,
  saveCapture,
  type CaptureState,
} from '../../../workflows/capture-state';
import { copyOrdersOf, noRoomFor, sameCopyOrders, withCopyOrder, withoutBegun } from '../../../workflows/copy-orders';
import type { CaptureProgress } from '../../../model/status';

const state = initialCaptureState;
const paused = withCopyOrder(state, { action: 'pause' }, 'x');
const again = withCopyOrder(paused, { table: 'public.a' }, 'one');

const progress = (request?: string): CaptureProgress => ({
  ...{ position: { lsn: '1', index: 0 }, changes: 0, lagBytes: 0, at: 0 },
  copies: {
    'public.a': { done: true, rows: 1, estimatedRows: 1, ...(request === undefined ? {} : { request }) },
    'public.b': { done: true, rows: 1, estimatedRows: 1 },
  },
});

test('without orders a slice is told nothing', () => {
  expect(copyOrdersOf(state)).toBeUndefined();
  expect(copyOrdersOf(withCopyOrder(paused, { action: 'resume' }, 'y'))).toBeUndefined();
});

test('orders add up: what is paused stays paused when a table is to be copied again', () => {
  expect(copyOrdersOf(paused)).toEqual({ paused: true, again: {} });
  expect(copyOrdersOf(again)).toEqual({ paused: true, again: { 'public.a': 'one' } });
  const both = withCopyOrder(again, { table: 'public.b' }, 'two');
  expect(copyOrdersOf(withCopyOrder(both, { action: 'resume' }, 'y'))).toEqual({
    ...{ paused: false, again: { 'public.a': 'one', 'public.b': 'two' } },
  });
});

test('an order is told until the log holds that it was begun, and forgotten then', () => {
  expect(copyOrdersOf(withoutBegun(again, progress()))?.again).toEqual({ 'public.a': 'one' });
  expect(copyOrdersOf(withoutBegun(again, progress('an earlier one')))?.again).toEqual({ 'public.a': 'one' });
  expect(copyOrdersOf(withoutBegun(again, progress('one')))?.again).toEqual({});
  const result = { progress: progress('one'), ended: 'time', taskQueue: 'q' } as const;
  expect(captureSliceEnded(again, result, 0).copyAgain).toEqual({});
});

test.each<[string, CaptureState, CaptureState, boolean]>([
  ['nothing new', again, again, true],
  ['paused', state, paused, false],
  ['goes on', paused, state, false],
  ['a table is to be copied', paused, again, false],
  ['the same table once more', again, withCopyOrder(again, { table: 'public.a' }, 'two'), false],
  ['what was begun is forgotten', again, paused, true],
  ['another problem is remembered', again, { ...again, problems: [] }, true],
])('a slice is cut short for news alone: %s', (_, told, now, same) => {
  expect(sameCopyOrders(told, now)).toBe(same);
});

describe('an order of single rows', () => {
  const one = withCopyOrder(state, { table: 'public.a', keys: [{ id: 1 }] }, 'now');
  const two = withCopyOrder(one, { table: 'public.a', keys: [{ id: 2 }] }, 'now');
  const ended = (more: object = {}): CaptureProgress => ({
    ...progress(),
    keysCopied: [{ request: 'now.0', table: 'public.a', copied: 1, deleted: 0, ...more }],
  });

  test('has a name of its own, also when two come at one moment', () => {
    expect(copyOrdersOf(two)?.keys).toEqual([
      { request: 'now.0', table: 'public.a', keys: [{ id: 1 }] },
      { request: 'now.1', table: 'public.a', keys: [{ id: 2 }] },
    ]);
    expect(sameCopyOrders(one, two)).toBe(false);
    expect(sameCopyOrders(two, one)).toBe(true);
  });

  test('is told until a slice says that it has ended', () => {
    expect(withoutBegun(two, progress()).copyKeys).toHaveLength(2);
    expect(withoutBegun(two, ended()).copyKeys).toEqual([{ request: 'now.1', table: 'public.a', keys: [{ id: 2 }] }]);
  });

  test('that could not be obeyed is among the problems, once, and stops nothing', () => {
    const result = { progress: ended({ refused: 'no such key' }), ended: 'time', taskQueue: 'q' } as const;
    const after = captureSliceEnded(captureSliceEnded(one, result, 0), result, 1);
    expect(after.problems).toMatchObject([
      { type: 'InvalidMessage', message: expect.stringContaining('no such key') as string, count: 1 },
    ]);
    expect(after.trouble).toEqual(state.trouble);
  });

  test('waits for others when together they are more than the state should hold', () => {
    const large = { table: 'public.a', keys: [{ id: 'x'.repeat(3_000) }] };
    expect(noRoomFor(state, large)).toBeNull();
    expect(noRoomFor(withCopyOrder(state, large, 'x'), large)).toContain('1 orders of single rows wait already');
    expect(noRoomFor(withCopyOrder(state, large, 'x'), { action: 'pause' })).toBeNull();
  });
});

test('orders go into the next run, and fit beside all else', () => {
  expect(saveCapture(again)).toMatchObject({ copyPaused: true, copyAgain: { 'public.a': 'one' } });
});
