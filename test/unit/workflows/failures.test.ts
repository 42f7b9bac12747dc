import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';
import { describeFailure } from '../../../workflows/failures';

function activityFailure(cause: Error): ActivityFailure {
  return new ActivityFailure('failed', 'followSlice', '1', 'MAXIMUM_ATTEMPTS_REACHED', 'worker', cause);
}

test.each<[string, Error, object]>([
  ['a cancelled slice', activityFailure(new CancelledFailure('cancelled')), { kind: 'cancelled' }],
  ['a scope that was cancelled before it began', new CancelledFailure('cancelled'), { kind: 'cancelled' }],
  [
    'a block, with its reason',
    activityFailure(ApplicationFailure.nonRetryable('the log is cut', 'Blocked', { reason: 'log-truncated' })),
    { kind: 'final', fault: { type: 'Blocked', reason: 'log-truncated', message: 'the log is cut' } },
  ],
  [
    'a wrong configuration',
    activityFailure(ApplicationFailure.nonRetryable('no such table', 'InvalidConfig')),
    { kind: 'final', fault: { type: 'InvalidConfig', message: 'no such table' } },
  ],
  [
    'what passes',
    activityFailure(ApplicationFailure.retryable('away', 'Unavailable')),
    { kind: 'passing', fault: { type: 'Unavailable', message: 'away' } },
  ],
  [
    'a foreign error nobody may retry: the breaker does, later',
    activityFailure(ApplicationFailure.nonRetryable('odd', 'TypeError')),
    { kind: 'passing', fault: { type: 'TypeError', message: 'odd' } },
  ],
  [
    'a silent worker',
    activityFailure(new TimeoutFailure('timed out', undefined, 'HEARTBEAT')),
    {
      kind: 'passing',
      fault: { type: 'Timeout', message: expect.stringContaining('followSlice fell silent') as string },
    },
  ],
  [
    'no worker',
    activityFailure(new TimeoutFailure('timed out', undefined, 'SCHEDULE_TO_START')),
    { kind: 'passing', fault: { type: 'Timeout', message: expect.stringContaining('Is a worker running?') as string } },
  ],
])('%s', (_, error, expected) => {
  expect(describeFailure(error)).toEqual(expected);
});
