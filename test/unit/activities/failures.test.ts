import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { toFailure, translated } from '../../../activities/failures';
import { Blocked, Fenced, InvalidConfig, isRetryable, PoisonRecord, Unavailable } from '../../../model/errors';

describe('errors become failures', () => {
  test.each([
    [new InvalidConfig('m'), 'InvalidConfig', false],
    [new Blocked('slot-lost', 'm'), 'Blocked', false],
    [new PoisonRecord('unmappable', 'm'), 'Blocked', false],
    [new Fenced('m'), 'Fenced', true],
    [new Unavailable('m'), 'Unavailable', true],
    [new TypeError('m'), 'TypeError', true],
  ])('%s → type %s, retryable %s', (error, type, retryable) => {
    expect(isRetryable(error)).toBe(retryable);
    const failure = toFailure(error, 'someActivity');
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type, nonRetryable: !retryable });
  });

  test('a blocked lane carries its reason as data', () => {
    expect(toFailure(new Blocked('slot-ahead', 'm'), 'a')).toMatchObject({ details: [{ reason: 'slot-ahead' }] });
  });

  test('a foreign error’s text, cause and stack stay out of history: they may quote a row or a password', () => {
    const foreign = Object.assign(new Error('Key (email)=(secret@example.org) already exists'), {
      code: 'ECONNRESET',
      detail: 'postgres://user:password@host/db',
    });
    const failure = toFailure(foreign, 'followSlice');
    const whole = JSON.stringify({ ...failure, message: failure.message, cause: failure.cause });
    expect(whole).not.toMatch(/secret@example|password/);
    expect(failure.message).toMatch(/followSlice failed with an unexpected Error \(ECONNRESET\)/);
  });

  test('Temporal’s own failures pass unchanged, and an activity’s error leaves translated', async () => {
    const cancelled = new CancelledFailure('c');
    expect(toFailure(cancelled, 'a')).toBe(cancelled);
    const run = (error: unknown) => translated('a', () => Promise.reject(error as Error))(undefined);
    await expect(run(new Fenced('f'))).rejects.toMatchObject({ type: 'Fenced' });
    await expect(run(new RangeError('r'))).rejects.toMatchObject({ type: 'RangeError' });
  });
});
