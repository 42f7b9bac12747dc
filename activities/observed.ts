import { Context } from '@temporalio/activity';
import type { Observer } from './observer';

/** What an activity's input says of whose it is. A pipeline that has not been checked yet has no name to go by. */
interface Addressed {
  readonly pipeline?: { readonly name: string };
  readonly store?: string;
}

/** Makes every attempt of an activity known to the observer, with the error as it was thrown. */
export function observed<Input, Result>(
  activity: string,
  observer: Observer,
  run: (input: Input) => Promise<Result>,
): (input: Input) => Promise<Result> {
  return async (input) => {
    const { pipeline, store } = input as Addressed;
    const { attempt, workflowExecution } = Context.current().info;
    const ended = observer.begun({
      activity,
      pipeline: pipeline?.name ?? '',
      store: store ?? '',
      attempt,
      workflowId: workflowExecution?.workflowId ?? '',
    });
    try {
      const result = await run(input);
      ended();
      return result;
    } catch (error) {
      ended(error);
      throw error;
    }
  };
}
