import { nextStep, orderFor } from '../../../workflows/follow-orders';
import { initialFollowState, type FollowState } from '../../../workflows/follow-state';
import { blocked, build, lane, prefix } from './lanes';

const begun: FollowState = { ...initialFollowState, logId: 'log-1' };
const live = lane({ at: 9, caughtUp: true, rest: 'closed' });

describe('what a lane runs', () => {
  const plain = {};
  const toTheEnd = { endWhenCaughtUp: true };
  test.each<[string, Partial<FollowState>, unknown, unknown]>([
    ['nothing is known yet', {}, null, null],
    ['a live lane that has caught up runs to the end of its time', { live }, plain, null],
    ['one that has not tells when it has', { live: { ...live, caughtUp: false } }, toTheEnd, null],
    ['both run while the next one is built', { live, next: build() }, plain, toTheEnd],
    ['a build that is not prepared does not run', { live, next: build({ mappingHash: null }) }, plain, null],
    ['paused', { live, next: build(), paused: true }, null, null],
    ['stopping', { live, next: build(), stopping: true }, null, null],
    ['live is blocked', { live: { ...live, trouble: blocked }, next: build() }, null, toTheEnd],
    ['next is blocked', { live, next: build({ trouble: blocked }) }, plain, null],
    [
      'aligning: one at a time',
      { live, next: build({ phase: 'aligning', at: 5, rest: 'closed' }) },
      null,
      { until: '9' },
    ],
    ['promoting: nothing writes', { live, next: build({ phase: 'promoting', at: 9 }) }, null, null],
    ['promoting the first', { next: build({ phase: 'promoting', at: 9 }) }, null, null],
  ])('%s', (_, state, forLive, forNext) => {
    expect(orderFor({ ...begun, ...state }, 'live', prefix)).toEqual(forLive);
    expect(orderFor({ ...begun, ...state }, 'next', prefix)).toEqual(forNext);
  });
});

describe('which step comes next', () => {
  const ordered = { reason: 'why', definition: null };
  const stuckLive = lane({ at: 5, rest: 'unknown', trouble: blocked });
  test.each<[string, Partial<FollowState>, string | null]>([
    ['at the start', { logId: null }, 'begin'],
    ['paused at the start', { logId: null, paused: true }, null],
    ['stopping', { logId: null, stopping: true }, null],
    ['blocked', { logId: null, trouble: blocked }, null],
    ['nothing to do', { live }, null],
    ['a rebuild is ordered', { live, ordered }, 'order'],
    ['an ordered rebuild waits for the one under way', { live, ordered, next: build() }, null],
    ['a build is to be prepared', { live, next: build({ mappingHash: null }) }, 'prepare'],
    ['a build goes on', { live, next: build() }, null],
    [
      'aligning with a live lane that cannot say how far it came',
      { live: stuckLive, next: build({ phase: 'aligning', at: 9, rest: 'closed' }) },
      'look',
    ],
    ['promoting', { live, next: build({ phase: 'promoting' }) }, 'promote'],
    ['leftovers', { live, untidy: true }, 'tidy'],
    ['leftovers beside a build', { live, untidy: true, next: build() }, 'tidy'],
    ['leftovers before the first promotion stay', { untidy: true, next: build() }, null],
  ])('%s', (_, state, step) => {
    expect(nextStep({ ...begun, ...state }, { prefix, idle: true })).toBe(step);
  });

  test('nothing is promoted while a slice is under way', () => {
    const state = { ...begun, live, next: build({ phase: 'promoting' }) };
    expect(nextStep(state, { prefix, idle: false })).toBeNull();
  });
});
