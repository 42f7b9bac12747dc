import type { Activities } from './activities';
import { beating } from './beating';
import { captureOptions, captureSlice } from './capture-slice';
import { checkActivities } from './check';
import type { Deps } from './deps';
import { translated } from './failures';
import { followSlice } from './follow-slice';
import { generationActivities } from './generation';

/** The activities over one worker's dependencies. Every error leaves through `failures.ts`. */
export function createActivities(deps: Deps): Activities {
  const checks = checkActivities(deps);
  const generations = generationActivities(deps);
  const log = (message: string, fields: Record<string, unknown>) => deps.log('error', message, fields);
  return {
    checkPipeline: translated('checkPipeline', log, beating(checks.checkPipeline)),
    checkDefinition: translated('checkDefinition', log, beating(checks.checkDefinition)),
    prepareCapture: translated(
      'prepareCapture',
      log,
      beating(({ pipeline }) => deps.prepareCapture(captureOptions(deps, pipeline, null))),
    ),
    captureSlice: translated('captureSlice', log, (input) => captureSlice(deps, input)),
    findLog: translated('findLog', log, beating(generations.findLog)),
    inspectStore: translated('inspectStore', log, beating(generations.inspectStore)),
    prepareGeneration: translated('prepareGeneration', log, beating(generations.prepareGeneration)),
    followSlice: translated('followSlice', log, (input) => followSlice(deps, input)),
    promoteGeneration: translated('promoteGeneration', log, beating(generations.promoteGeneration)),
    dropGeneration: translated('dropGeneration', log, beating(generations.dropGeneration)),
  };
}
