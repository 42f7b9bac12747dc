import { ActivityCancellationDetails } from '@temporalio/common';
import type { Context } from '@temporalio/activity';
import { endingOf, SliceControl } from '../../../activities/slice-control';

describe('how a slice ends', () => {
  test.each([
    ['workerShutdown', 'return'],
    ['cancelRequested', 'return'],
    ['paused', 'throw'],
    ['reset', 'throw'],
    ['notFound', 'throw'],
    ['timedOut', 'throw'],
  ] as const)('%s: %s', (reason, kind) => {
    expect(endingOf(new ActivityCancellationDetails({ [reason]: true })).kind).toBe(kind);
  });

  test('an attempt that has timed out throws even when it was also cancelled', () => {
    expect(endingOf({ cancelRequested: true, timedOut: true }).kind).toBe('throw');
  });
});

describe('the slice’s own clock', () => {
  const fakeContext = (beats: unknown[]) =>
    ({
      info: { heartbeatTimeoutMs: 3_000 },
      cancellationSignal: new AbortController().signal,
      cancellationDetails: undefined,
      heartbeat: (details: unknown) => beats.push(details),
    }) as unknown as Context;

  test('a jump past the heartbeat timeout stops the slice, and it does not return progress', () => {
    let now = 0;
    const beats: unknown[] = [];
    using control = new SliceControl(fakeContext(beats), () => now, { beatByTimer: false });
    now = 2_900;
    control.beat('first');
    now = 5_000;
    control.beat('second');
    expect(control.signal.aborted).toBe(false);
    now = 8_001;
    control.beat('after the jump');
    expect(control.signal.aborted).toBe(true);
    expect(beats).toEqual(['first', 'second']);
    expect(() => control.end()).toThrow(/stood still for longer than its heartbeat timeout/);
  });
});
