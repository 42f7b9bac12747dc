import { MockActivityEnvironment } from '@temporalio/testing';
import type { CaptureSession } from '../../../capture/session';
import type { CaptureSliceInput, CaptureSliceResult } from '../../../activities/activities';
import { captureSlice } from '../../../activities/capture-slice';
import type { Deps } from '../../../activities/deps';
import { blindObserver } from '../../../activities/observer';
import { Sessions } from '../../../activities/sessions';
import { parsePipeline } from '../../../model/pipeline';
import { parseSettings } from '../../../model/settings';
import type { SlotHealth } from '../../../model/slot-sample';
import type { CaptureProgress } from '../../../model/status';

const file = {
  name: 'shop',
  source: { url: { env: 'URL' }, tables: ['public.orders'] },
  stores: { replica: { type: 'postgres', url: { env: 'URL' }, schema: 'shop', tables: { 'public.orders': {} } } },
};
const pipeline = parsePipeline(file);

const progress = (done: boolean): CaptureProgress => ({
  ...{ position: { lsn: '1', index: 0 }, changes: 0, lagBytes: 0, at: 0 },
  copies: { 'public.orders': { done, rows: 0, estimatedRows: -1 } },
});

const slot: SlotHealth = {
  ...{ level: 'well', since: 0, at: 0, walStatus: 'reserved', retainedBytes: 1, limitBytes: null, leftBytes: null },
  ...{ lostInMinutes: null, notes: [] },
};

/** A session that reports each of `seen` and then runs until it is told to end or its time is up. */
function scripted(start: CaptureProgress, seen: readonly CaptureProgress[], times: number[]): CaptureSession {
  let now = start;
  return {
    get progress() {
      return now;
    },
    retainedBytes: null,
    run({ signal, maxMs, onProgress }) {
      times.push(maxMs);
      for (const one of seen) {
        now = one;
        onProgress(one);
      }
      return Promise.resolve(signal.aborted ? 'cancelled' : 'time');
    },
    close: () => Promise.resolve(),
  };
}

function run(deps: Partial<Deps>, over: Partial<CaptureSliceInput> = {}): Promise<CaptureSliceResult> {
  const environment = new MockActivityEnvironment({ heartbeatTimeoutMs: 10_000 });
  const slice = () => captureSlice(deps as Deps, { pipeline, logId: 'log', ...over });
  return environment.run<[], CaptureSliceResult, typeof slice>(slice);
}

function depsOver(session: CaptureSession): Partial<Deps> {
  return {
    secret: () => 'postgres://nowhere',
    settings: parseSettings({}),
    privateTaskQueue: 'mine',
    clock: () => 0,
    log: () => undefined,
    observer: blindObserver,
    openCapture: () => Promise.resolve(session),
    captureSessions: new Sessions(60_000, () => undefined),
  };
}

it('the slice in which the copy ends tells so at once', async () => {
  const times: number[] = [];
  const deps = depsOver(scripted(progress(false), [progress(false), progress(true)], times));
  expect(await run(deps)).toMatchObject({ ended: 'caught-up', progress: progress(true), taskQueue: 'mine' });
  await deps.captureSessions?.close();
});

it('a slot that gets into danger, or out of it, ends the slice: the status depends on it', async () => {
  const of = (level: SlotHealth['level']): CaptureProgress => ({ ...progress(true), slot: { ...slot, level } });
  const first = depsOver(scripted(progress(true), [of('warning'), of('danger')], []));
  expect(await run(first)).toMatchObject({ ended: 'slot-at-risk', progress: { slot: { level: 'danger' } } });
  await first.captureSessions?.close();
  const second = depsOver(scripted(of('danger'), [of('danger'), of('well')], []));
  expect(await run(second)).toMatchObject({ ended: 'slot-well', progress: { slot: { level: 'well' } } });
  await second.captureSessions?.close();
  const third = depsOver(scripted(of('danger'), [of('danger')], []));
  expect(await run(third)).toMatchObject({ ended: 'time' });
  await third.captureSessions?.close();
});

it('slices are short while tables are copied and on a stream just opened, and long on a warm one', async () => {
  const times: number[] = [];
  const deps = depsOver(scripted(progress(true), [progress(true)], times));
  await run(deps);
  await run(deps);
  expect(times).toEqual([5_000, 60_000]);
  await deps.captureSessions?.close();

  const copying = depsOver(scripted(progress(false), [progress(false)], times));
  await run(copying);
  await run(copying);
  expect(times.slice(2)).toEqual([5_000, 5_000]);
  await copying.captureSessions?.close();
});

it('a session that is warm is not gone on with under another file, or another log', async () => {
  const opened: (readonly string[])[] = [];
  const deps: Partial<Deps> = {
    ...depsOver(scripted(progress(true), [progress(true)], [])),
    openCapture({ pipeline: { source } }) {
      opened.push(source.messages ?? []);
      return Promise.resolve(scripted(progress(true), [progress(true)], []));
    },
  };
  const outbox = parsePipeline({ ...file, source: { ...file.source, messages: ['outbox'] } });
  await run(deps);
  await run(deps, { pipeline: outbox });
  await run(deps, { pipeline: outbox });
  await run(deps, { pipeline: outbox, logId: 'another' });
  expect(opened).toEqual([[], ['outbox'], ['outbox']]);
  await deps.captureSessions?.close();
});
