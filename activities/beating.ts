import { Context } from '@temporalio/activity';

/** Well below the heartbeat timeout of the short activities (workflows/proxies.ts). */
const beatMs = 1_000;

/**
 * Makes a short activity tell Temporal that its worker lives. Without it a worker that is killed in the middle of a
 * promotion, with both lanes at rest, would be noticed only when the whole time of the activity is up.
 */
export function beating<Input, Result>(run: (input: Input) => Promise<Result>): (input: Input) => Promise<Result> {
  return async (input) => {
    // Taken first: a timer runs outside the activity's async context.
    const context = Context.current();
    const timer = setInterval(() => context.heartbeat(), beatMs);
    try {
      return await run(input);
    } finally {
      clearInterval(timer);
    }
  };
}
