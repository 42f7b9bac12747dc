import { ApplicationFailure, CancelledFailure, TemporalFailure } from '@temporalio/common';
import { Blocked, isRetryable } from '../model/errors';

/** Our own classes: their messages are written to be shown and hold neither rows nor secrets. */
const ours: ReadonlySet<string> = new Set(['InvalidConfig', 'Blocked', 'Fenced', 'Unavailable']);

/**
 * The one place where an error becomes part of a workflow's history. Invariant 6: what we did not write ourselves may
 * quote a row (PostgreSQL's `detail`, Elasticsearch's `reason`) or a connection string, so of a foreign error only its
 * class and code go on; the worker's log has the whole of it.
 */
export function toFailure(error: unknown, activity: string): TemporalFailure {
  if (error instanceof CancelledFailure || error instanceof TemporalFailure) return error;
  if (error instanceof Error && ours.has(error.name)) {
    return ApplicationFailure.create({
      type: error.name,
      message: error.message,
      nonRetryable: !isRetryable(error),
      details: error instanceof Blocked ? [{ reason: error.reason }] : [],
    });
  }
  const { name, code } = describeForeign(error);
  return ApplicationFailure.create({
    type: name,
    message: `${activity} failed with an unexpected ${name}${code}; the worker's log has the details. It is tried again.`,
    nonRetryable: !isRetryable(error),
  });
}

function describeForeign(error: unknown): { name: string; code: string } {
  if (!(error instanceof Error)) return { name: 'Error', code: '' };
  const code =
    'code' in error && typeof error.code === 'string' && /^[A-Z0-9_]{1,40}$/.test(error.code) ? error.code : '';
  return { name: error.name, code: code === '' ? '' : ` (${code})` };
}

/** Makes an activity whose every error is translated. */
export function translated<Input, Result>(
  name: string,
  run: (input: Input) => Promise<Result>,
): (input: Input) => Promise<Result> {
  return async (input) => {
    try {
      return await run(input);
    } catch (error) {
      throw toFailure(error, name);
    }
  };
}
