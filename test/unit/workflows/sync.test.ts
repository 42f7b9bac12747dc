import {
  childEnded,
  childFinished,
  childReported,
  initialSyncState,
  isLate,
  noRoomFor,
  relayed,
  toldLate,
  withChild,
  withChildren,
  type ChildState,
  type Relayed,
} from '../../../workflows/sync-state';
import { nextSyncStep } from '../../../workflows/sync-steps';

const fresh = withChildren(initialSyncState, ['capture', 'search']);
const all = (change: Partial<ChildState>) =>
  ['capture', 'search'].reduce((state, name) => withChild(state, name, change), fresh);
const running = all({ phase: 'running', watched: 'run-1' });
const gone = all({ phase: 'gone' });
const pause = { child: 'search', name: 'pause' } as const;
const fault = { type: 'ChildEnded', message: 'gone' };

describe('the next step', () => {
  test.each([
    ['every child is asked first', fresh, { kind: 'ask', child: 'capture' }],
    ['children that are not there are started, capture first', gone, { kind: 'start', child: 'capture' }],
    [
      'nothing is started while one has not said under which configuration it runs',
      withChild(gone, 'capture', { phase: 'asked', since: 90_000 }),
      { kind: 'wait', ms: 20_000 },
    ],
    [
      'one that never answers does not keep the others for ever',
      withChild(gone, 'capture', { phase: 'asked', since: 60_000 }),
      { kind: 'start', child: 'search' },
    ],
    ['all is well: wait for whatever comes', running, { kind: 'wait', ms: Infinity }],
    ['a message is passed on', { ...running, outbox: [pause] }, { kind: 'relay', message: pause }],
    [
      'a message for one that is not there waits',
      { ...withChild(running, 'search', { phase: 'stopped' }), outbox: [pause] },
      { kind: 'wait', ms: Infinity },
    ],
    [
      'one that was adopted and is silent is asked',
      withChild(running, 'search', { watched: null, since: 40_000 }),
      { kind: 'ask', child: 'search' },
    ],
    [
      'until then, wait as long',
      withChild(running, 'search', { watched: null, since: 70_000 }),
      { kind: 'wait', ms: 30_000 },
    ],
    [
      'one that ended is started when its time has come',
      withChild(running, 'search', { phase: 'gone', startAt: 105_000 }),
      { kind: 'wait', ms: 5_000 },
    ],
    ['a stopped one stays stopped', withChild(running, 'search', { phase: 'stopped' }), { kind: 'wait', ms: Infinity }],
  ] as const)('%s', (_, state, step) => {
    expect(nextSyncStep(state, 100_000)).toEqual(step);
  });
});

test('a child that ends again and again is started later and later, until it has been LIVE', () => {
  let state = running;
  const delays = [0, 1, 2, 3].map(() => {
    state = childEnded(state, 'search', { fault, now: 1_000 });
    const delay = (state.children.search?.startAt ?? 0) - 1_000;
    state = childReported(state, 'search', { status: 'STARTING', now: 1_000 });
    return delay;
  });
  expect(delays).toEqual([0, 5_000, 10_000, 20_000]);
  state = childReported(state, 'search', { status: 'LIVE', now: 1_000 });
  expect(childEnded(state, 'search', { fault, now: 1_000 }).children.search?.startAt).toBe(1_000);
});

test('the first start is no repair', () => {
  expect(childEnded(fresh, 'search', { fault: null, now: 0 })).toMatchObject({
    problems: [],
    children: { search: { phase: 'gone', endings: 0 } },
  });
});

test('one that was told to stop is not started again, except by resume', () => {
  const stopped = childReported(running, 'search', { status: 'STOPPED', now: 0 });
  expect(childEnded(stopped, 'search', { fault, now: 0 })).toBe(stopped);
  expect(relayed(stopped, { child: 'search', name: 'resume' }, 5).children.search).toMatchObject({
    phase: 'gone',
    startAt: 5,
  });
});

test('a resume that comes while the child is still ending is not lost', () => {
  const stopped = childReported(running, 'search', { status: 'STOPPED', now: 0 });
  expect(childFinished(stopped, 'search', 5).children.search).toMatchObject({ phase: 'stopped', watched: null });
  const resumed = relayed(stopped, { child: 'search', name: 'resume' }, 1);
  expect(childFinished(resumed, 'search', 5).children.search).toMatchObject({ phase: 'gone', startAt: 5 });
  // It was tried already, and found the id still taken.
  const asked = withChild(resumed, 'search', { phase: 'asked' });
  expect(childFinished(asked, 'search', 5).children.search).toMatchObject({ phase: 'gone', startAt: 5 });
});

test('a pause is remembered for a child that is started again', () => {
  expect(relayed(running, pause, 0)).toMatchObject({ outbox: [pause], children: { search: { paused: true } } });
  expect(relayed(relayed(running, pause, 0), { child: 'search', name: 'resume' }, 0).children.search?.paused).toBe(
    false,
  );
});

test('a paused copy is remembered for a capture that is started again; a table to be copied is not, capture is', () => {
  const order = (copy: { action?: 'pause' | 'resume'; table?: string }) =>
    ({ child: 'capture', name: 'copy', copy }) as const;
  const paused = relayed(running, order({ action: 'pause' }), 0);
  expect(paused).toMatchObject({ outbox: [order({ action: 'pause' })], children: { capture: { copyPaused: true } } });
  expect(relayed(paused, order({ action: 'resume' }), 0).children.capture?.copyPaused).toBe(false);
  const again = relayed(paused, order({ table: 'public.a' }), 0);
  expect(again.children).toEqual(paused.children);
  expect(again.outbox.at(-1)).toEqual(order({ table: 'public.a' }));
});

test('a new run asks those it knows again, and leaves the stopped ones', () => {
  const state = withChildren(withChild(running, 'search', { phase: 'stopped' }), ['capture', 'search']);
  expect(state.children).toMatchObject({ capture: { phase: 'unknown', watched: null }, search: { phase: 'stopped' } });
});

describe('an order for a child that has stopped', () => {
  const stopped = childReported(running, 'search', { status: 'STOPPED', now: 0 });
  const order = (name: 'pause' | 'resume' | 'retry' | 'stop') => ({ child: 'search', name }) as const;
  const tell = (...names: Parameters<typeof order>[0][]) =>
    names.reduce((state, name) => {
      const message = order(name);
      return (isLate(state, message) ? toldLate : relayed)(state, message, 5);
    }, stopped);

  test.each([
    ['a second stop does not end the run that a resume begins', ['stop', 'resume']],
    ['a pause does not outlive the resume behind it', ['pause', 'resume']],
    ['a retry has nothing to try', ['retry', 'resume']],
  ] as const)('%s', (_, names) => {
    const { outbox, children } = tell(...names);
    expect({ outbox, search: children.search }).toMatchObject({
      outbox: [],
      search: { phase: 'gone', startAt: 5, paused: false },
    });
  });

  test('a pause behind the resume holds, whether or not the child runs again by then', () => {
    expect(tell('resume', 'pause').children.search?.paused).toBe(true);
  });

  test('what was on its way when it ended is not for the run after; what is about its data is', () => {
    const rebuild: Relayed = { child: 'search', name: 'rebuild', rebuild: { reason: 'new mapping' } };
    const waiting = { ...stopped, outbox: [order('stop'), rebuild, { child: 'capture', name: 'pause' } as const] };
    expect(toldLate(waiting, order('resume'), 5).outbox).toEqual([rebuild, { child: 'capture', name: 'pause' }]);
    expect(isLate(stopped, rebuild)).toBe(false);
  });
});

test('when too many orders wait another one is refused, except the one that lets them go', () => {
  const stopped = withChild(running, 'search', { phase: 'stopped' });
  const rebuild: Relayed = { child: 'search', name: 'rebuild', rebuild: { reason: 'new mapping' } };
  const full = { ...stopped, outbox: Array.from({ length: 49 }, () => rebuild) };
  expect(noRoomFor(full, [rebuild])).toBeNull();
  expect(noRoomFor(full, [rebuild, pause, { child: 'capture', name: 'pause' }])).toMatch(
    /^49 orders wait already, for search/,
  );
  expect(noRoomFor(full, [{ child: 'search', name: 'resume' }, pause])).toBeNull();
});
