import { rolledUp } from '../../../model/roll-up';
import type { CaptureProgress } from '../../../model/status';
import { captureStatus, initialCaptureState, type CaptureState } from '../../../workflows/capture-state';
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
