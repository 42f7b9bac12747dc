import type { SourceReport } from '../../capture/checks/check-source';
import { InvalidConfig } from '../../model/errors';
import { finding, type Finding, type PartReport } from '../../model/finding';
import { judgeRequirementsOfTypes } from '../../model/judge-guarantees';
import { judgeMapping } from '../../model/judge-mapping';
import type { Pipeline, SecretReference, StoreDefinition } from '../../model/pipeline';
import type { TableSchema } from '../../model/schema';
import type { LogReport } from '../../stream/check-log';
import type { Checks } from './checks';
import { inTime } from './in-time';

/** The source is asked first, since stores need its tables; together they stay below the activity's 30 s. */
const sourceMs = 10_000;
const otherMs = 15_000;

export interface CheckOptions {
  readonly pipeline: Pipeline;
  readonly checks: Checks;
  /** Resolves `{"env": "NAME"}`; throws `InvalidConfig` when it is not set. */
  readonly secret: (reference: SecretReference) => string;
  /**
   * Of a log that is begun, whether it still fits its source. For people: a start leaves it to capture, which says
   * BLOCKED with the reason, and the stores follow what the log holds.
   */
  readonly continuity: boolean;
}

/** Looks at all parts side by side, and changes nothing. Every finding of every part, those that hang included. */
export async function runChecks(options: CheckOptions): Promise<readonly PartReport[]> {
  const { pipeline, checks } = options;
  const log = lookAtLog(checks, pipeline);
  const source = lookAtSource(
    options,
    log.then(({ begun }) => begun),
  );
  const tables = source.then((report) => report.tables);
  const stores = Object.entries(pipeline.stores).map(([store, definition]) =>
    lookAtStore(options, { store, definition, tables }),
  );
  return Promise.all([source, lookAtContinuity(options, source, log), ...stores]);
}

function lookAtSource({ pipeline, checks, secret }: CheckOptions, logBegun: Promise<boolean | null>) {
  const empty = { part: 'source', facts: [], tables: null, slot: null, unpublished: [] };
  const otherwise = (found: Finding): SourceReport => ({ ...empty, findings: [found] });
  const url = resolve(secret, pipeline.source.url, 'source.url');
  if (typeof url !== 'string') return Promise.resolve(otherwise(url));
  const limit = { ms: sourceMs, where: 'the source', code: 'source-unanswered', otherwise } as const;
  return inTime(limit, (signal) => checks.source({ pipeline, url, logBegun }, signal));
}

/** `pipeline` is null for a file that cannot be read: then the brokers alone are looked at. */
export function lookAtLog(checks: Checks, pipeline: Pipeline | null): Promise<LogReport> {
  const otherwise = (found: Finding): LogReport => ({ part: 'log', facts: [], findings: [found], begun: null });
  // Less than the source is given, which waits for the answer before it judges the slot.
  const limit = { ms: sourceMs - 2_000, where: 'Kafka', code: 'log-unanswered', otherwise } as const;
  return inTime(limit, (signal) => checks.log(pipeline, signal));
}

async function lookAtContinuity(
  { pipeline, checks, secret, continuity }: CheckOptions,
  waitedSource: Promise<SourceReport>,
  waitedLog: Promise<LogReport>,
): Promise<PartReport> {
  const [source, { begun, ...report }] = await Promise.all([waitedSource, waitedLog]);
  if (!continuity || begun !== true || source.tables === null) return report;
  const add = (findings: readonly Finding[]) => ({ ...report, findings: [...report.findings, ...findings] });
  const otherwise = (found: Finding) => add([found]);
  const limit = { ms: otherMs, where: 'the end of the log', code: 'log-unanswered', otherwise } as const;
  const url = secret(pipeline.source.url);
  return inTime(limit, async () => add(await checks.continuity({ pipeline, url, source })));
}

async function lookAtStore(
  { pipeline, checks, secret }: CheckOptions,
  input: {
    readonly store: string;
    readonly definition: StoreDefinition;
    readonly tables: Promise<readonly TableSchema[] | null>;
  },
): Promise<PartReport> {
  const { store, definition, tables } = input;
  const part = `stores.${store}`;
  const otherwise = (found: Finding): PartReport => ({ part, facts: [], findings: [found] });
  const url = resolve(secret, definition.url, `${part}.url`);
  const limit = { ms: otherMs, where: part, code: 'store-unanswered', otherwise } as const;
  const report =
    typeof url === 'string'
      ? await inTime(limit, (signal) =>
          checks.store({ pipeline: pipeline.name, store, definition, url, tables }, signal),
        )
      : otherwise(url);
  const known = (await tables) ?? [];
  const unkept = judgeRequirementsOfTypes({ pipeline, store, definition }, known);
  return { ...report, findings: [...report.findings, ...judgeMappings(store, definition, known), ...unkept] };
}

/** Tables that are not there, or not captured, are findings of the source and of the file. */
export function judgeMappings(store: string, definition: StoreDefinition, tables: readonly TableSchema[]): Finding[] {
  return Object.entries(definition.tables).flatMap(([name, mapping]) => {
    const table = tables.find((each) => each.name === name);
    return table ? judgeMapping(`stores.${store}.tables.${name}`, table, mapping) : [];
  });
}

function resolve(secret: CheckOptions['secret'], reference: SecretReference, where: string): string | Finding {
  try {
    return secret(reference);
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error;
    const { env } = reference;
    const cure = `Run: export ${env}=… in the environment of the worker, and start it again.`;
    return finding('secret-missing', { where, what: `the environment variable ${env} is not set.`, cure });
  }
}
