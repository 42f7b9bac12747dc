import type { FollowSliceResult } from '../../../activities/activities';
import { checkParked } from '../../../workflows/arguments';
import { promoted, rebuildOrdered, sliceEnded } from '../../../workflows/follow-events';
import { orderFor } from '../../../workflows/follow-orders';
import { initialFollowState, type FollowState } from '../../../workflows/follow-state';
import { storeStatus } from '../../../workflows/follow-status';
import { isHeld, parkedOrdered, refuseParked } from '../../../workflows/parked-orders';
import { restoreFollow, saveFollow } from '../../../workflows/saved';
import { blocked, build, definition, lane, prefix, progressAt } from './lanes';

const progress = (records: number, at = 9) => progressAt(at, records === 0 ? {} : { parked: { records, rows: 1 } });
const live = lane({ caughtUp: true, rest: 'closed', progress: progress(1) });
const begun: FollowState = { ...initialFollowState, logId: 'log-1', live };
const retry = parkedOrdered(begun, { action: 'retry' }, 'a');

const ended = (change: Partial<FollowSliceResult>): FollowSliceResult => ({
  ...{ progress: progress(0), caughtUp: true, copiesDone: false, ended: 'time', taskQueue: 'q' },
  ...change,
});

describe('an order about parked records', () => {
  test('is given to the next slice, and again until a slice says that it is done', () => {
    const order = orderFor(retry, 'live', prefix);
    expect(order).toEqual({ parkedOrder: { id: 'a-0', action: 'retry' } });
    const step = (result: FollowSliceResult) => sliceEnded(retry, { role: 'live', order: order ?? {}, result, prefix });
    expect(orderFor(step(ended({ ended: 'cancelled' })), 'live', prefix)).toEqual(order);
    const done = step(ended({ ended: 'parked-order', caughtUp: false }));
    expect(orderFor(done, 'live', prefix)).toEqual({});
    expect(storeStatus('search', done).status).toBe('LIVE');
  });

  test.each([
    [
      { action: 'skip', key: '0c5f6b2a91de', offset: '42' },
      0,
      /The record at offset 42 of key '0c5f6b2a91de' is not parked/,
    ],
    [{ action: 'skip', key: '0c5f6b2a91de', offset: 'all' }, 0, /No record of key '0c5f6b2a91de' is parked/],
    [{ action: 'retry', key: '0c5f6b2a91de' }, 0, /nothing to retry/],
    [{ action: 'retry', key: '0c5f6b2a91de' }, 1, null],
    [{ action: 'retry' }, 0, null],
  ] as const)('%j that is about %d records is told among the errors as such', (message, obeyed, why) => {
    const sent = parkedOrdered(begun, message, 'a');
    const order = orderFor(sent, 'live', prefix) ?? {};
    const done = sliceEnded(sent, { role: 'live', order, result: ended({ ended: 'parked-order', obeyed }), prefix });
    const told = why === null ? [] : [{ type: 'InvalidMessage', message: expect.stringMatching(why) as string }];
    expect(done.problems).toMatchObject(told);
    expect(done.parkedOrders).toEqual([]);
  });

  test('survives the passage to the next run', () => {
    const own = { prefix, definition };
    const restored = restoreFollow(saveFollow(retry, own), own);
    expect(orderFor(restored, 'live', prefix)).toEqual(orderFor(retry, 'live', prefix));
  });

  test('is the way out for a lane that is blocked by too much poison', () => {
    const stuck = { ...begun, live: { ...live, trouble: blocked } };
    expect(orderFor(stuck, 'live', prefix)).toBeNull();
    const skip = { action: 'skip', key: '0c5f6b2a91de', offset: '42' } as const;
    expect(orderFor(parkedOrdered(stuck, skip, 'b'), 'live', prefix)).toEqual({ parkedOrder: { id: 'b-0', ...skip } });
  });

  test('is refused when too many wait, and when there is nothing to accept', () => {
    const order = (action: 'retry' | 'accept') => ({ name: 'parked', parked: { action } }) as const;
    expect(refuseParked(begun, order('retry'))).toBeNull();
    const many = Array.from({ length: 20 }).reduce<FollowState>(
      (s) => parkedOrdered(s, { action: 'retry' }, 'a'),
      begun,
    );
    expect(refuseParked(many, order('retry'))).toMatch(/20 orders wait/);
    expect(refuseParked(begun, order('accept'))).toMatch(/nothing is being built/);
  });
});

describe('whose parked records an order is about', () => {
  const storm = { ...blocked, problem: { ...blocked.problem!, reason: 'too-much-poison' } };
  const next = build({ at: 3, caughtUp: true });
  const both: FollowState = { ...begun, next };
  const skip = (key: string) => ({ action: 'skip', key, offset: 'all' }) as const;
  const order = (id: string, key: string) => ({ parkedOrder: { id, ...skip(key) } });

  test('a build’s, when it is blocked by them before anybody could be told how many they are', () => {
    const stuck = { ...both, next: { ...next, trouble: storm } };
    const first = parkedOrdered(stuck, skip('0c5f6b2a91de'), 'a');
    expect(orderFor(first, 'next', prefix)).toEqual(order('a-0', '0c5f6b2a91de'));
    expect(orderFor(first, 'live', prefix)).toEqual({});
    const second = parkedOrdered(first, skip('0c5f6b2a91df'), 'b');
    const result = ended({ ended: 'parked-order', progress: progress(0) });
    const freed = sliceEnded(second, { role: 'next', order: order('a-0', '0c5f6b2a91de'), result, prefix });
    expect(orderFor(freed, 'next', prefix)).toEqual(order('b-1', '0c5f6b2a91df'));
  });

  test('the live one’s, when a build is blocked by something else', () => {
    const ordered = parkedOrdered({ ...both, next: { ...next, trouble: blocked } }, skip('0c5f6b2a91de'), 'a');
    expect(orderFor(ordered, 'live', prefix)).toEqual(order('a-0', '0c5f6b2a91de'));
  });

  test('what readers use, also when that is another one by the time it is obeyed', () => {
    const sent = parkedOrdered({ ...both, next: { ...next, phase: 'promoting' } }, skip('0c5f6b2a91de'), 'a');
    expect([orderFor(sent, 'live', prefix), orderFor(sent, 'next', prefix)]).toEqual([null, null]);
    expect(orderFor(promoted(sent), 'live', prefix)).toEqual(order('a-0', '0c5f6b2a91de'));
  });

  test('nobody else’s, when a build is given up before it could obey', () => {
    const ordered = parkedOrdered({ ...both, next: { ...next, trouble: storm } }, skip('0c5f6b2a91de'), 'a');
    const givenUp = rebuildOrdered({ ...ordered, trouble: blocked }, { reason: 'again', definition: null });
    expect(givenUp.next).toBeNull();
    expect(orderFor(givenUp, 'live', prefix)).toEqual({});
    const result = ended({ progress: progress(0) });
    expect(sliceEnded(givenUp, { role: 'live', order: {}, result, prefix }).parkedOrders).toEqual([]);
  });
});

test('what is parked is told among the errors, each once', () => {
  const result = ended({ parked: [{ reason: 'unstorable', message: 'row 5' }] });
  const once = sliceEnded(begun, { role: 'live', order: {}, result, prefix });
  const twice = sliceEnded(once, { role: 'live', order: {}, result, prefix });
  expect(twice.problems).toMatchObject([{ type: 'Parked', reason: 'unstorable', message: 'row 5', count: 1 }]);
});

describe('a build that has parked more than the live generation', () => {
  const complete = ended({ progress: progress(3), ended: 'caught-up', copiesDone: true });
  const next = build({ progress: progress(0), rest: 'anywhere' });
  const step = (state: FollowState, result = complete) =>
    sliceEnded(state, { role: 'next', order: { endWhenCaughtUp: true }, result, prefix });

  test('is not promoted before somebody accepts it; it follows meanwhile, and says so', () => {
    const held = step({ ...begun, next });
    expect(held.next?.phase).toBe('building');
    expect(isHeld(held)).toBe(true);
    expect(storeStatus('search', held)).toMatchObject({ status: 'REBUILDING', held: true });
    expect(orderFor(held, 'next', prefix)).toEqual({});
    const accepted = parkedOrdered(held, { action: 'accept' }, 'a');
    expect(orderFor(accepted, 'next', prefix)).toEqual({ endWhenCaughtUp: true });
    expect(step(accepted).next?.phase).not.toBe('building');
  });

  test('goes on by itself when its records go through after all', () => {
    const held = step({ ...begun, next });
    expect(orderFor(parkedOrdered(held, { action: 'retry' }, 'a'), 'next', prefix)).toHaveProperty('parkedOrder');
    const freed = step(held, ended({ progress: progress(1), ended: 'caught-up', copiesDone: true }));
    expect(freed.next?.phase).not.toBe('building');
  });

  test('is not promoted either when it parks more than the live one on the last steps of the alignment', () => {
    const aligning = { ...begun, next: { ...next, rest: 'closed', phase: 'aligning', progress: progress(1) } } as const;
    expect(step(aligning, ended({ progress: progress(1), ended: 'caught-up' })).next?.phase).toBe('promoting');
    const held = step(aligning, ended({ progress: progress(2), ended: 'caught-up' }));
    expect(held.next).toMatchObject({ phase: 'building', sawEnd: false });
    expect(storeStatus('search', held)).toMatchObject({ held: true, rebuild: { phase: 'building' } });
    expect(step(parkedOrdered(held, { action: 'accept' }, 'a')).next?.phase).not.toBe('building');
  });

  test('says that it is held when it is complete, and nothing waits for anybody but that', () => {
    const behind = ended({ caughtUp: false, progress: { ...progress(3), lagSeconds: 600 } });
    expect(storeStatus('search', step({ ...begun, next: { ...next, caughtUp: false } }, behind)).held).toBeUndefined();
    expect(storeStatus('search', step({ ...begun, next })).held).toBe(true);
  });

  test('is given up for the next order, as a blocked one is: by itself it would never end', () => {
    const held = step({ ...begun, next });
    const again = { reason: 'corrected mapping', definition: null };
    expect(rebuildOrdered(held, again)).toMatchObject({ next: null, untidy: true, ordered: again });
    const seen = rebuildOrdered({ ...held, next: held.next && { ...held.next, exposed: true } }, again);
    expect(seen.next).toMatchObject({ givenUp: true });
    const accepted = rebuildOrdered(parkedOrdered(held, { action: 'accept' }, 'a'), again);
    expect(accepted.next).toMatchObject({ parkedAccepted: true });
    expect(accepted.next).not.toHaveProperty('givenUp');
  });

  test('a first build is not held: there is nothing that readers could lose', () => {
    expect(step({ ...begun, live: null, next }).next?.phase).not.toBe('building');
  });
});

test.each<[unknown, boolean]>([
  [{ action: 'retry' }, true],
  [{ action: 'retry', key: '0c5f6b2a91de' }, true],
  [{ action: 'retry', key: '{"id":5}' }, false],
  [{ action: 'retry', offset: '1' }, false],
  [{ action: 'skip', key: '0c5f6b2a91de', offset: 'all' }, true],
  [{ action: 'skip', key: '0c5f6b2a91de' }, false],
  [{ action: 'skip', offset: '1' }, false],
  [{ action: 'accept' }, true],
  [{ action: 'accept', key: '0c5f6b2a91de' }, false],
  [{ action: 'drop' }, false],
  [{ action: 'retry', rows: 1 }, false],
  [null, false],
])('parked %j is taken: %s', (input, ok) => {
  expect(checkParked(input, { storeNeeded: false }).ok).toBe(ok);
});
