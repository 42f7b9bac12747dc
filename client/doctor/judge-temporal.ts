import { finding, type Finding } from '../../model/finding';
import { judgeClock } from '../../model/judge-clock';
import { slicesTaskQueue } from '../../model/names';
import { searchAttributes } from '../../model/search-attributes';

/** A poll lasts up to a minute, and the server tells when each worker last began one. */
const pollingMs = 90_000;

/** Who asks for the tasks of one queue. */
export interface Pollers {
  /** When each was last seen, by the server's clock, milliseconds since the Unix epoch. */
  readonly workflow: readonly number[];
  readonly activity: readonly number[];
}

export interface TemporalFacts {
  readonly namespaceExists: boolean;
  /** Name → type, of those that are registered; null when the server does not tell. */
  readonly attributes: Readonly<Record<string, string>> | null;
  readonly steering: Pollers;
  readonly slices: Pollers;
  /** When the last of these was asked and answered, by this machine's clock. */
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** What of Temporal keeps a pipeline from running. Pure. */
export function judgeTemporal(
  facts: TemporalFacts,
  { namespace, taskQueue }: { readonly namespace: string; readonly taskQueue: string },
): Finding[] {
  if (!facts.namespaceExists) {
    const cure = `Run: temporal operator namespace create --namespace ${namespace}`;
    return [finding('temporal-namespace', { where: `namespace ${namespace}`, what: 'it does not exist.', cure })];
  }
  return [...judgeAttributes(facts.attributes), ...judgeWorkers(facts, taskQueue), ...judgeServerClock(facts)];
}

function judgeAttributes(registered: TemporalFacts['attributes']): Finding[] {
  if (registered === null) return [];
  return Object.entries(searchAttributes).flatMap(([name, type]) => {
    const where = `search attribute ${name}`;
    const create = `temporal operator search-attribute create --name ${name} --type ${type}`;
    const found = registered[name];
    if (found === undefined) {
      return [
        finding('search-attribute-missing', { where, what: 'it is not registered yet.', cure: `Run: ${create}` }),
      ];
    }
    if (found === type) return [];
    const cure = `Run: temporal operator search-attribute remove --name ${name} --yes && ${create}`;
    return [finding('search-attribute-type', { where, what: `it is of type ${found}, not ${type}.`, cure })];
  });
}

function judgeWorkers({ steering, slices, answeredAt }: TemporalFacts, taskQueue: string): Finding[] {
  const nobody = (seen: readonly number[]) => !seen.some((at) => answeredAt - at < pollingMs);
  const queues = [
    ...(nobody(steering.workflow) || nobody(steering.activity) ? [taskQueue] : []),
    ...(nobody(slices.activity) ? [slicesTaskQueue(taskQueue)] : []),
  ];
  return queues.map((queue) =>
    finding('no-worker', { where: `task queue ${queue}`, what: 'no worker polls it.', cure: 'Run: npm run worker' }),
  );
}

/** The server does not tell its time, only when it last saw a worker: that can be ahead of us, and not behind. */
function judgeServerClock({ steering, slices, askedAt, answeredAt }: TemporalFacts): Finding[] {
  const newest = Math.max(0, ...steering.workflow, ...steering.activity, ...slices.activity);
  return newest > answeredAt ? judgeClock({ server: 'Temporal', serverMs: newest, askedAt, answeredAt }) : [];
}
