import type { Problem } from '../model/status';
import type { Failure } from './failures';
import { toProblem } from './problems';

/** How one activity after another fares: a lane's slices, or the steps around them. Plain JSON. */
export interface Trouble {
  /** Failures in a row, each with all its attempts used up. */
  readonly failures: number;
  /** Trying again is pointless until a person says `retry`. */
  readonly blocked: boolean;
  readonly problem: Problem | null;
}

export const noTrouble: Trouble = { failures: 0, blocked: false, problem: null };

const firstDelaySeconds = 5;
const longestDelaySeconds = 60;

/** Temporal has used up its attempts: from here on 5 s, doubling to 60 s, for ever. */
export function breakerDelayMs(failures: number): number {
  if (failures <= 0) return 0;
  return Math.min(firstDelaySeconds * 2 ** Math.min(failures - 1, 10), longestDelaySeconds) * 1_000;
}

export function afterFailure(trouble: Trouble, failure: Failure, now: number): Trouble {
  switch (failure.kind) {
    case 'cancelled':
      return trouble;
    case 'final':
      return { failures: 0, blocked: true, problem: toProblem(failure.fault, now, 1) };
    case 'passing':
      return {
        failures: trouble.failures + 1,
        blocked: false,
        problem: toProblem(failure.fault, now, trouble.failures + 1),
      };
  }
}

/** `retry`: what was blocked may run; what is degraded stays so until something succeeds. */
export function afterRetry(trouble: Trouble): Trouble {
  return trouble.blocked ? noTrouble : trouble;
}
