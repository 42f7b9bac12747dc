import type { Offsets } from '../../../model/offsets';
import { initialCaptureState, saveCapture } from '../../../workflows/capture-state';
import { initialFollowState, type FollowState } from '../../../workflows/follow-state';
import { restoreFollow, restoreOffsets, saveFollow, saveOffsets } from '../../../workflows/saved';
import { initialSyncState, saveSync, withChildren } from '../../../workflows/sync-state';
import { withProblem } from '../../../workflows/problems';
import { blocked, build, definition, degraded, lane, progressAt } from './lanes';
import { pipelineOf } from './pipelines';

const limit = 4_096;
const own = { prefix: 'shop', definition };

function large(
  tables: number,
  partitions: number,
): { state: FollowState; prefix: string; definition: typeof definition } {
  const { log, stores, source } = pipelineOf(tables, partitions);
  const offsets = (from: number): Offsets => ({
    [`${log.prefix}.positions`]: { '0': String(9_876_543 + from) },
    ...Object.fromEntries(
      source.tables.map((name) => [
        `${log.prefix}.${name}`,
        Object.fromEntries(
          Array.from({ length: partitions }, (_, partition) => [partition, String(123_456_789 + from + partition)]),
        ),
      ]),
    ),
  });
  const queue = 'slipstream-slices-0b0e7f5e-8f6e-4d1e-9a55-0d8f7b4a3f11';
  const other = { definition: stores.search ?? definition, taskQueue: queue, trouble: degraded };
  let problems = initialFollowState.problems;
  for (let count = 0; count < 20; count += 1)
    problems = withProblem(problems, { type: 'Blocked', message: `${count} ${'x'.repeat(900)}` }, 0);
  const state = {
    ...initialFollowState,
    logId: 'log-1',
    live: lane({ ...other, progress: progressAt(1, { next: offsets(0) }) }),
    next: build({ ...other, progress: progressAt(1, { next: offsets(7) }) }),
    trouble: blocked,
    problems,
  };
  return { state, prefix: log.prefix, definition: stores.search ?? definition };
}

test.each([
  [16, 4],
  [64, 1],
  [1, 64],
])('two lanes over %i tables of %i partitions stay within 4 KB', (tables, partitions) => {
  const { state, ...with64 } = large(tables, partitions);
  expect(JSON.stringify(saveFollow(state, with64)).length).toBeLessThanOrEqual(limit);
});

test('what is restored is what was saved, but for problems that are shortened', () => {
  const { state, ...with64 } = large(4, 4);
  const restored = restoreFollow(
    JSON.parse(JSON.stringify(saveFollow(state, with64))) as ReturnType<typeof saveFollow>,
    with64,
  );
  expect({ ...restored, version: 1 }).toEqual({ ...state, version: 1, problems: restored.problems });
  expect(restored.problems).toHaveLength(3);
});

test('a definition of its own travels, the pipeline’s does not', () => {
  const custom = { ...definition, tables: { 'public.products': { into: 'goods' } } };
  const saved = saveFollow({ ...initialFollowState, live: lane(), next: build({ definition: custom }) }, own);
  expect(saved.live?.definition).toBeNull();
  expect(saved.next?.definition).toEqual(custom);
  expect(restoreFollow(saved, own)).toMatchObject({ live: { definition }, next: { definition: custom } });
});

test('offsets with holes, of no partition, and of foreign topics come back as they were', () => {
  const topics = ['shop.positions', 'shop.public.a', 'shop.public.b'];
  const offsets: Offsets = {
    'shop.positions': { '0': '1' },
    'shop.public.b': { '0': '1', '2': '3' },
    'x.c': { '0': '7' },
  };
  expect(saveOffsets(offsets, topics)).toEqual({ lines: '1;;1,,3', others: { 'x.c': { '0': '7' } } });
  expect(restoreOffsets(saveOffsets(offsets, topics), topics)).toEqual(offsets);
  expect(restoreOffsets(saveOffsets({}, topics), topics)).toEqual({});
});

/**
 * Formats of running workflows. When one of these fails: a run that was started by the old code hands its state to the
 * new code, so a field may be added if its absence is handled where the state is read; to rename or remove one, read the
 * old version too, and raise `version`. Then change the expectation.
 */
test('tripwire: the state of follow', () => {
  const saved = saveFollow(
    {
      ...initialFollowState,
      logId: 'log-1',
      lastNumber: 2,
      live: lane({ at: 9, rest: 'closed' }),
      next: build({ at: 5 }),
      ordered: { reason: 'why', definition: null },
    },
    own,
  );
  const progress = {
    position: { lsn: '9', index: 0 },
    lagRecords: 0,
    lagSeconds: 0,
    upserts: 0,
    deletes: 0,
    repeated: 0,
    batches: 1,
    at: 0,
  };
  const trouble = { failures: 0, blocked: false, problem: null };
  const common = { definition: null, logId: 'log-1', mappingHash: 'hash', caughtUp: false, taskQueue: null, trouble };
  expect(saved).toEqual({
    version: 1,
    eventLimit: 2_000,
    paused: false,
    stopping: false,
    logId: 'log-1',
    lastNumber: 2,
    live: { ...common, number: 1, rest: 'closed', progress: { ...progress, next: { lines: '9;', others: {} } } },
    next: {
      ...common,
      number: 2,
      rest: 'unknown',
      progress: { ...progress, position: { lsn: '5', index: 0 }, next: { lines: '5;', others: {} } },
      reason: 'new mapping',
      phase: 'building',
      exposed: false,
      sawEnd: false,
    },
    ordered: { reason: 'why', definition: null },
    untidy: false,
    trouble,
    problems: [],
  });
});

test('tripwire: the state of capture', () => {
  expect(saveCapture({ ...initialCaptureState, logId: 'log-1' })).toEqual({
    version: 1,
    eventLimit: 2_000,
    paused: false,
    stopping: false,
    logId: 'log-1',
    progress: null,
    taskQueue: null,
    trouble: { failures: 0, blocked: false, problem: null },
    problems: [],
  });
});

test('tripwire: the state of sync', () => {
  expect(saveSync(withChildren(initialSyncState, ['capture']))).toEqual({
    version: 1,
    eventLimit: 2_000,
    stopping: false,
    children: {
      capture: {
        phase: 'unknown',
        since: 0,
        startAt: 0,
        endings: 0,
        watched: null,
        paused: false,
        status: 'STARTING',
      },
    },
    outbox: [],
    problems: [],
  });
});
