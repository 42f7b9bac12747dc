import type { FollowSliceResult } from '../../../activities/activities';
import type { Failure } from '../../../workflows/failures';
import {
  looked,
  promoted,
  rebuildBegun,
  rebuildOrdered,
  resumed,
  retried,
  settled,
  sliceEnded,
  sliceFailed,
  stepFailed,
} from '../../../workflows/follow-events';
import { nextStep, orderFor } from '../../../workflows/follow-orders';
import { initialFollowState, type FollowState } from '../../../workflows/follow-state';
import { statusName } from '../../../workflows/follow-status';
import { blocked, build, definition, degraded, lane, offsetsAt, prefix, progressAt } from './lanes';

const begun: FollowState = { ...initialFollowState, logId: 'log-1', lastNumber: 2 };
const live = lane({ at: 9, rest: 'anywhere', caughtUp: true });
const passing: Failure = { kind: 'passing', fault: { type: 'Unavailable', message: 'away' } };
const final: Failure = { kind: 'final', fault: { type: 'Blocked', reason: 'unstorable', message: 'no' } };
const cancelled: Failure = { kind: 'cancelled' };

function result(other: Partial<FollowSliceResult> = {}): FollowSliceResult {
  return { progress: progressAt(9), caughtUp: true, copiesDone: false, ended: 'time', taskQueue: 'warm', ...other };
}

describe('a slice has ended', () => {
  const ended = (state: FollowState, role: 'live' | 'next', other: Partial<FollowSliceResult>, order = {}) =>
    sliceEnded(state, { role, order, result: result(other), prefix });

  test('its trouble is over and its worker is remembered', () => {
    const state = ended({ ...begun, live: { ...live, trouble: degraded } }, 'live', {});
    expect(state.live).toMatchObject({ trouble: { failures: 0, problem: null }, taskQueue: 'warm' });
  });

  test('a worker that leaves is not asked again', () => {
    expect(ended({ ...begun, live }, 'live', { ended: 'worker-shutdown' }).live?.taskQueue).toBeNull();
  });

  test('one that was cut short says nothing about having caught up', () => {
    expect(ended({ ...begun, live: { ...live, caughtUp: false } }, 'live', { ended: 'cancelled' }).live?.caughtUp).toBe(
      false,
    );
    expect(ended({ ...begun, live: { ...live, caughtUp: false } }, 'live', { ended: 'time' }).live?.caughtUp).toBe(
      true,
    );
  });

  test('one that was cut short far behind has not caught up, whatever was true before an outage', () => {
    const back = { ...begun, live: { ...live, trouble: degraded } };
    const after = (other: Partial<FollowSliceResult>) => statusName(ended(back, 'live', other));
    const far = progressAt(9, { lagSeconds: 3_600 });
    expect(after({ ended: 'worker-shutdown', caughtUp: false, progress: far })).toBe('CATCHING_UP');
    expect(after({ ended: 'cancelled', caughtUp: false })).toBe('LIVE');
    expect(after({ ended: 'cancelled' })).toBe('LIVE');
  });

  test.each<[string, Partial<FollowSliceResult>, string]>([
    ['caught up with every copy done', { ended: 'caught-up', copiesDone: true }, 'aligning'],
    [
      'near the end with every copy done',
      { caughtUp: false, copiesDone: true, progress: progressAt(9, { lagSeconds: 2 }) },
      'aligning',
    ],
    ['near the end without', { caughtUp: true, copiesDone: false }, 'building'],
    ['far behind', { caughtUp: false, copiesDone: true, progress: progressAt(9, { lagSeconds: 60 }) }, 'building'],
  ])('a build that is %s', (_, other, phase) => {
    const state = ended({ ...begun, live, next: build({ at: 8 }) }, 'next', other);
    expect(state.next?.phase).toBe(phase);
    if (phase === 'aligning') expect(state.live?.rest).toBe('unknown');
  });

  test('the first build has nobody to align with, but ends at a closed record', () => {
    const near = { caughtUp: true, copiesDone: true, progress: progressAt(9, { batches: 4 }) };
    expect(ended({ ...begun, next: build({ at: 8 }) }, 'next', near).next?.phase).toBe('aligning');
    expect(ended({ ...begun, next: build({ at: 8 }) }, 'next', { ended: 'caught-up' }).next?.phase).toBe('promoting');
  });

  test('the slice that brings both to one place ends the alignment', () => {
    const state = {
      ...begun,
      live: { ...live, rest: 'closed' as const },
      next: build({ at: 8, phase: 'aligning', rest: 'closed' }),
    };
    expect(ended(state, 'next', { ended: 'until' }, { until: '9' }).next).toMatchObject({
      phase: 'promoting',
      rest: 'closed',
    });
  });

  test.each<[string, Partial<FollowSliceResult>, object, string]>([
    ['it caught up', { ended: 'caught-up' }, {}, 'closed'],
    ['it reached its mark', { ended: 'until' }, { until: '9' }, 'closed'],
    [
      'it stood at its mark already',
      { ended: 'until', progress: progressAt(9, { batches: 0 }) },
      { until: '9' },
      'anywhere',
    ],
    ['its one batch moved it', { ended: 'batches' }, { step: true }, 'closed'],
    [
      'its one batch was a piece of a large transaction',
      { ended: 'batches', progress: progressAt(5) },
      { step: true },
      'anywhere',
    ],
    ['its time was up', { ended: 'time', progress: progressAt(9, { batches: 7 }) }, {}, 'anywhere'],
    ['it was cancelled', { ended: 'cancelled', progress: progressAt(9, { batches: 7 }) }, {}, 'anywhere'],
  ])('where it stands when %s', (_, other, order, rest) => {
    const state = ended({ ...begun, live: { ...live, progress: progressAt(5) } }, 'live', other, order);
    expect(state.live?.rest).toBe(rest);
  });
});

describe('a slice has failed', () => {
  const failed = (state: FollowState, role: 'live' | 'next', failure: Failure) =>
    sliceFailed(state, { role, failure, now: 0 });

  test('in passing: counted, for the breaker', () => {
    const once = failed({ ...begun, live }, 'live', passing);
    const twice = failed(once, 'live', passing);
    expect(twice.live).toMatchObject({ rest: 'unknown', trouble: { failures: 2, blocked: false } });
    expect(twice.problems).toMatchObject([{ type: 'Unavailable', count: 2 }]);
  });

  test('for good: blocked', () => {
    expect(failed({ ...begun, live }, 'live', final).live?.trouble).toMatchObject({
      blocked: true,
      problem: { reason: 'unstorable' },
    });
  });

  test('cancelled: no progress, and no problem', () => {
    const state = failed({ ...begun, live }, 'live', cancelled);
    expect(state).toMatchObject({ problems: [], live: { rest: 'unknown', trouble: { failures: 0 } } });
  });

  test.each(['live', 'next'] as const)('in alignment: %s must not keep the other one waiting', (role) => {
    const state = { ...begun, live, next: build({ at: 8, phase: 'aligning' }) };
    expect(failed(state, role, passing).next?.phase).toBe('building');
    expect(failed(state, role, cancelled).next?.phase).toBe('aligning');
  });
});

describe('a step has failed', () => {
  const failed = (state: FollowState, step: Parameters<typeof stepFailed>[1]['step'], failure: Failure) =>
    stepFailed(state, { step, failure, now: 0 });
  const rebuilding = { ...begun, live, next: build({ phase: 'promoting' }) };

  test('a wrong definition: the order is dropped, nothing else', () => {
    const state = failed({ ...begun, live, ordered: { reason: 'why', definition: {} } }, 'order', final);
    expect(state).toMatchObject({ ordered: null, trouble: { blocked: false }, problems: [{ type: 'Blocked' }] });
  });

  test('a build that cannot be created is given up when there is a live one, and blocks when there is none', () => {
    expect(failed(rebuilding, 'prepare', final)).toMatchObject({
      next: null,
      untidy: true,
      trouble: { blocked: false },
    });
    expect(failed({ ...begun, next: build() }, 'prepare', final)).toMatchObject({ trouble: { blocked: true } });
  });

  test('a promotion whose end is not known: both go on, and the build looks to readers like the live one', () => {
    expect(failed(rebuilding, 'promote', passing).next).toMatchObject({ phase: 'building', exposed: true });
    expect(failed(rebuilding, 'promote', passing).trouble.failures).toBe(1);
  });

  test('tidying: what cannot be dropped stays, what could not be tried is tried again', () => {
    expect(failed({ ...begun, live }, 'tidy', final)).toMatchObject({ untidy: false, trouble: { blocked: false } });
    expect(failed({ ...begun, live }, 'tidy', passing)).toMatchObject({ untidy: true, trouble: { failures: 1 } });
    expect(failed({ ...begun, live }, 'tidy', cancelled)).toMatchObject({ untidy: true, trouble: { failures: 0 } });
  });

  test('beginning: blocks until a person acts', () => {
    expect(failed(initialFollowState, 'begin', final).trouble.blocked).toBe(true);
  });
});

describe('orders of people', () => {
  const ordered = { reason: 'why', definition: null };

  test('a rebuild waits for the one under way; a later one takes its place', () => {
    const state = rebuildOrdered({ ...begun, live, next: build() }, ordered);
    expect(state.next).not.toBeNull();
    expect(rebuildOrdered(state, { ...ordered, reason: 'better' }).ordered?.reason).toBe('better');
  });

  test('a blocked build is given up for it, unless readers may see it', () => {
    expect(rebuildOrdered({ ...begun, live, next: build({ trouble: blocked }) }, ordered)).toMatchObject({
      next: null,
      untidy: true,
    });
    const exposed = rebuildOrdered({ ...begun, live, next: build({ trouble: blocked, exposed: true }) }, ordered);
    expect(exposed.next).toMatchObject({ givenUp: true });
    const step = (state: FollowState, idle = true) => nextStep(state, { prefix, idle });
    expect([step(exposed, false), step(exposed)]).toEqual([null, 'settle']);
    expect([orderFor(exposed, 'live', prefix), orderFor(exposed, 'next', prefix)]).toEqual([null, null]);
    const unseen = settled(exposed, { live: 1 });
    expect(unseen).toMatchObject({ live: { number: 1 }, next: null, untidy: true });
    const seen = settled(exposed, { live: 2 });
    expect(seen).toMatchObject({ live: { number: 2 }, next: null, untidy: true });
    expect([step(unseen), step(seen)]).toEqual(['order', 'order']);
    expect(settled(begun, { live: 1 })).toBe(begun);
  });

  test('what goes on after a pause may be far behind: it is LIVE once it has seen that it is not', () => {
    const state = resumed({ ...begun, paused: true, live });
    expect(statusName(state)).toBe('CATCHING_UP');
    expect(orderFor(state, 'live', prefix)).toEqual({ endWhenCaughtUp: true });
    expect(resumed({ ...begun, paused: true })).toMatchObject({ paused: false, live: null });
  });

  test('a rebuild gets a number that was never used', () => {
    const state = rebuildBegun({ ...begun, live, ordered }, { definition, logId: 'log-2' });
    expect(state).toMatchObject({
      lastNumber: 3,
      ordered: null,
      logId: 'log-2',
      next: { number: 3, reason: 'why', logId: 'log-2' },
    });
  });

  test('retry frees what is blocked and leaves what is degraded to prove itself', () => {
    const state = retried({
      ...begun,
      trouble: blocked,
      live: { ...live, trouble: blocked },
      next: build({ trouble: degraded }),
    });
    expect(state).toMatchObject({
      trouble: { blocked: false },
      live: { trouble: { blocked: false } },
      next: { trouble: { failures: 2 } },
    });
  });
});

test('promotion: the build becomes the live one, and the old one is to be dropped', () => {
  const state = promoted({ ...begun, live, next: build({ at: 9, phase: 'promoting', caughtUp: true }) });
  expect(state).toMatchObject({ next: null, untidy: true, live: { number: 2, caughtUp: true } });
  expect(state.live).not.toHaveProperty('phase');
});

test('what the store says of a blocked live generation decides how far the build must come', () => {
  const state = {
    ...begun,
    live: lane({ at: 5, rest: 'unknown', trouble: blocked }),
    next: build({ at: 7, phase: 'aligning', rest: 'closed' }),
  };
  const found = (at: number) => ({
    generations: [
      {
        number: 1,
        mappingHash: 'hash',
        logId: 'log-1',
        definition,
        next: offsetsAt(at),
        position: { lsn: '1', index: 0 },
        positionAt: 0,
      },
    ],
    live: 1,
  });
  expect(looked(state, found(6), prefix).next?.phase).toBe('promoting');
  expect(looked(state, found(9), prefix)).toMatchObject({
    next: { phase: 'aligning' },
    live: { progress: { next: offsetsAt(9) } },
  });
  // Blocked in the first slice of this workflow: it has never said how far it came, and readers see it all the same.
  const silent = { ...state, live: lane({ rest: 'unknown', trouble: blocked }) };
  expect(looked(silent, found(6), prefix).next?.phase).toBe('promoting');
  expect(looked(silent, found(9), prefix).next?.phase).toBe('aligning');
});
