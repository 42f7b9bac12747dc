import type { Activities } from './activities';
import { beating } from './beating';
import { captureOptions, captureSlice } from './capture-slice';
import { checkActivities } from './check';
import type { Deps } from './deps';
import { translated } from './failures';
import { followSlice } from './follow-slice';
import { generationActivities } from './generation';
import { observed } from './observed';

/**
 * The activities over one worker's dependencies. Every error is observed as it was thrown, and leaves through
 * `failures.ts`.
 */
export function createActivities(deps: Deps): Activities {
  const checks = checkActivities(deps);
  const generations = generationActivities(deps);
  const slice = <Input, Result>(name: string, run: (input: Input) => Promise<Result>) =>
    translated(name, observed(name, deps.observer, run));
  const short = <Input, Result>(name: string, run: (input: Input) => Promise<Result>) => slice(name, beating(run));
  return {
    checkPipeline: short('checkPipeline', checks.checkPipeline),
    checkDefinition: short('checkDefinition', checks.checkDefinition),
    prepareCapture: short('prepareCapture', ({ pipeline }) =>
      deps.prepareCapture(captureOptions(deps, pipeline, null)),
    ),
    lookAtSlot: short('lookAtSlot', ({ pipeline, before }) =>
      deps.lookAtSlot(captureOptions(deps, pipeline, null), before),
    ),
    captureSlice: slice('captureSlice', (input) => captureSlice(deps, input)),
    findLog: short('findLog', generations.findLog),
    inspectStore: short('inspectStore', generations.inspectStore),
    prepareGeneration: short('prepareGeneration', generations.prepareGeneration),
    followSlice: slice('followSlice', (input) => followSlice(deps, input)),
    promoteGeneration: short('promoteGeneration', generations.promoteGeneration),
    dropGeneration: short('dropGeneration', generations.dropGeneration),
    endParked: short('endParked', generations.endParked),
  };
}
