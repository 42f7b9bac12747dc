import type { Checks } from '../activities/checks/checks';
import { lookAtLog, runChecks } from '../activities/checks/run-checks';
import { checkContinuity } from '../capture/checks/check-continuity';
import { checkSource } from '../capture/checks/check-source';
import type { PartReport } from '../model/finding';
import type { Pipeline } from '../model/pipeline';
import { resolveSecret } from '../model/settings';
import { checkStore } from '../stores/check';
import { checkLog } from '../stream/check-log';
import { createKafka } from '../stream/kafka';
import { readLastPosition } from '../stream/positions';
import { readSchemaVersions } from '../stream/schemas';

/** The looks at real servers. */
export function createChecks({ kafkaBrokers }: { readonly kafkaBrokers: readonly string[] }): Checks {
  const kafka = () => createKafka({ brokers: kafkaBrokers, clientId: 'slipstream-check' });
  return {
    source: checkSource,
    log: (pipeline, signal) => checkLog({ kafka: kafka(), brokers: kafkaBrokers, pipeline }, signal),
    store: checkStore,
    async continuity({ pipeline, url, source: { slot, tables, unpublished } }) {
      const { prefix } = pipeline.log;
      const last = await readLastPosition({ kafka: kafka(), prefix });
      if (last === null) return [];
      const versions = await readSchemaVersions({ kafka: kafka(), prefix });
      const known = { prefix, url, slotName: pipeline.source.slot, slot, last: last.record, versions };
      return checkContinuity({ ...known, tables: tables ?? [], unpublished });
    },
  };
}

/**
 * Everything a pipeline needs, looked at from this machine and with this environment. `pipeline` is null for a file that
 * cannot be read: then only what does not depend on it is looked at.
 */
export async function examine(input: {
  readonly pipeline: Pipeline | null;
  readonly kafkaBrokers: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}): Promise<readonly PartReport[]> {
  const { pipeline, kafkaBrokers, environment } = input;
  const checks = createChecks({ kafkaBrokers });
  if (pipeline === null) return [await lookAtLog(checks, null)];
  return runChecks({
    pipeline,
    checks,
    secret: (reference) => resolveSecret(reference, environment),
    continuity: true,
  });
}
