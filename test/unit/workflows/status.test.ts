import { rolledUp } from '../../../model/roll-up';
import type { CaptureProgress } from '../../../model/status';
import type { SlotHealth } from '../../../model/slot-sample';
import {
  captureHasSlot,
  captureLooked,
  captureLookFailed,
  captureStatus,
  initialCaptureState,
  type CaptureState,
} from '../../../workflows/capture-state';
import { initialFollowState, type FollowState } from '../../../workflows/follow-state';
import { storeStatus } from '../../../workflows/follow-status';
import { blocked, build, degraded, lane } from './lanes';
import { pipeline } from './pipelines';

const live = lane({ at: 9, caughtUp: true });

test.each<[string, Partial<FollowState>, string]>([
  ['nothing known', {}, 'STARTING'],
  ['first build', { next: build() }, 'CATCHING_UP'],
  ['first build, not prepared', { next: build({ mappingHash: null }) }, 'STARTING'],
  ['adopted, not caught up', { live: { ...live, caughtUp: false } }, 'CATCHING_UP'],
  ['following', { live }, 'LIVE'],
  ['a build beside it', { live, next: build() }, 'REBUILDING'],
  ['paused, whatever else', { live: { ...live, trouble: blocked }, paused: true }, 'PAUSED'],
  ['live is blocked', { live: { ...live, trouble: blocked } }, 'BLOCKED'],
  ['live is blocked, the way out is being built', { live: { ...live, trouble: blocked }, next: build() }, 'REBUILDING'],
  ['next is blocked', { live, next: build({ trouble: blocked }) }, 'BLOCKED'],
  ['a step is blocked', { live, trouble: blocked }, 'BLOCKED'],
  ['live keeps failing', { live: { ...live, trouble: degraded } }, 'DEGRADED'],
  ['next keeps failing', { live, next: build({ trouble: degraded }) }, 'DEGRADED'],
  ['told to stop, not done', { live, stopping: true }, 'LIVE'],
])('a store: %s', (_, state, expected) => {
  expect(storeStatus('search', { ...initialFollowState, ...state }).status).toBe(expected);
});

test('a store that has ended is STOPPED', () => {
  expect(storeStatus('search', { ...initialFollowState, live, stopping: true }, true).status).toBe('STOPPED');
});

const lost = {
  ...{ failures: 0, blocked: true },
  problem: { type: 'Blocked', reason: 'slot-lost', message: 'gone', at: '2026-01-01T00:00:00.000Z', count: 1 },
};

function slot(level: SlotHealth['level']): SlotHealth {
  return {
    ...{ level, since: 7, at: 9, walStatus: 'extended', retainedBytes: 1, limitBytes: 9, leftBytes: 8 },
    ...{ lostInMinutes: null, notes: level === 'well' ? [] : ['The slot keeps much.', 'Somebody holds it.'] },
  };
}

test('what is in danger is told as the problem, until it is over; what does not answer comes first', () => {
  const of = (state: Partial<CaptureState>) => captureStatus({ ...initialCaptureState, ...state }, pipeline).problem;
  expect(of({ slot: slot('danger') })).toEqual({
    ...{ type: 'SlotAtRisk', message: 'The slot keeps much. Somebody holds it.', count: 1 },
    at: '1970-01-01T00:00:00.007Z',
  });
  expect(of({ slot: slot('warning') })).toBeNull();
  expect(of({ slot: slot('danger'), trouble: degraded })).toBe(degraded.problem);
});

test('that a slot got into danger stays among the problems, once, however often it was seen', () => {
  const first = captureLooked(initialCaptureState, slot('danger'), 1);
  const again = captureLooked(captureLooked(first, slot('danger'), 2), slot('well'), 3);
  expect(again.problems).toMatchObject([{ type: 'SlotAtRisk', count: 1 }]);
  expect(captureLooked(again, slot('danger'), 4).problems).toMatchObject([{ type: 'SlotAtRisk', count: 2 }]);
});

test('a look that fails says nothing, and one that finds the slot lost blocks', () => {
  const state = { ...initialCaptureState, logId: 'log', paused: true };
  const fault = { type: 'Unavailable', message: 'away' };
  expect(captureLookFailed(state, { kind: 'passing', fault }, 1)).toBe(state);
  expect(captureLookFailed(state, { kind: 'final', fault: { type: 'InvalidConfig', message: 'no' } }, 1)).toBe(state);
  const gone = { type: 'Blocked', reason: 'slot-lost', message: 'gone' };
  const blockedState = captureLookFailed(state, { kind: 'final', fault: gone }, 1);
  expect(captureStatus(blockedState, pipeline)).toMatchObject({ status: 'BLOCKED', problem: { reason: 'slot-lost' } });
  expect([captureHasSlot(state), captureHasSlot(blockedState), captureHasSlot(initialCaptureState)]).toEqual([
    ...[true, false, false],
  ]);
});

function progress(done: boolean): CaptureProgress {
  const copies = { 'public.products': { done, rows: 1, estimatedRows: 1 } };
  return { position: { lsn: '1', index: 0 }, changes: 1, copies, lagBytes: 0, at: 0 };
}

test.each<[string, Partial<CaptureState>, string]>([
  ['nothing known', {}, 'STARTING'],
  ['no copy begun', { progress: { ...progress(true), copies: {} } }, 'COPYING'],
  ['copying', { progress: progress(false) }, 'COPYING'],
  ['copied', { progress: progress(true) }, 'LIVE'],
  ['paused', { progress: progress(true), paused: true, trouble: blocked }, 'PAUSED'],
  ['blocked', { progress: progress(true), trouble: blocked }, 'BLOCKED'],
  ['failing', { progress: progress(true), trouble: degraded }, 'DEGRADED'],
  ['its slot is well', { progress: progress(true), slot: slot('well') }, 'LIVE'],
  ['its slot is worth a warning', { progress: progress(true), slot: slot('warning') }, 'LIVE'],
  ['its slot is in danger', { progress: progress(true), slot: slot('danger') }, 'DEGRADED'],
  ['its slot is in danger while it copies', { progress: progress(false), slot: slot('danger') }, 'DEGRADED'],
  ['its slot is in danger because it is paused', { paused: true, slot: slot('danger') }, 'DEGRADED'],
  ['paused, and its slot is well', { paused: true, slot: slot('well') }, 'PAUSED'],
  ['its slot is lost, paused or not', { paused: true, trouble: lost }, 'BLOCKED'],
])('capture: %s', (_, state, expected) => {
  expect(captureStatus({ ...initialCaptureState, ...state }, pipeline).status).toBe(expected);
});

test.each([
  [['LIVE', 'LIVE'], 'LIVE'],
  [['LIVE', 'BLOCKED', 'DEGRADED'], 'BLOCKED'],
  [['LIVE', 'DEGRADED', 'PAUSED'], 'DEGRADED'],
  [['COPYING', 'CATCHING_UP'], 'COPYING'],
  [['LIVE', 'REBUILDING'], 'REBUILDING'],
  [['LIVE', 'STOPPED'], 'LIVE'],
  [['STOPPED', 'STOPPED'], 'STOPPED'],
] as const)('%j together are %s', (parts, expected) => {
  expect(rolledUp(parts)).toBe(expected);
});
