import { InvalidConfig } from './errors';
import { listFindings, type Finding } from './finding';
import type { Guarantee } from './guarantees';
import { resourceNames } from './names';
import { crossCheck } from './pipeline-cross-checks';
import { findingsOfIssues, withoutUnknownKeys } from './pipeline-issues';
import { pipelineSchema, type ParsedFile, type SecretReference, type StoreDefinition } from './pipeline-file';

export type { DocumentMapping, TableMapping } from './mapping-file';
export type { PipelineFile, SecretReference, StoreDefinition } from './pipeline-file';

/** What becomes of a row that no record of the log can carry whole. */
export type Oversized = ParsedFile['log']['oversized'];

/** One parsed configuration, complete: nothing inside has to be defaulted again. Plain JSON. */
export interface Pipeline {
  readonly name: string;
  readonly source: {
    readonly url: SecretReference;
    readonly tables: readonly string[];
    /** Prefixes of the logical messages to capture; missing in what a workflow started by an earlier version carries. */
    readonly messages?: readonly string[];
    /** Missing in what a workflow started by an earlier version carries: full. */
    readonly replicaIdentity?: 'full' | 'read-back';
    readonly slot: string;
    readonly publication: string;
    readonly copy: ParsedFile['source']['copy'];
  };
  readonly log: {
    readonly prefix: string;
    readonly partitions: number;
    readonly replicationFactor: number;
    readonly windowDays: number;
    /** Both are missing in what a workflow started by an earlier version carries: `recordRules` completes them. */
    readonly maxMessageBytes?: number;
    readonly oversized?: Oversized;
  };
  readonly stores: Readonly<Record<string, StoreDefinition>>;
  readonly slice: ParsedFile['slice'];
  /** What every store has to give; missing where nothing is demanded. */
  readonly require?: readonly Guarantee[];
}

/** Parses and checks what can be checked without a connection. Throws `InvalidConfig`: every problem, with its place. */
export function parsePipeline(input: unknown): Pipeline {
  const { pipeline, findings } = readPipeline(input);
  if (pipeline !== null && findings.length === 0) return pipeline;
  throw new InvalidConfig(
    listFindings(`The pipeline file has ${findings.length} problem${findings.length === 1 ? '' : 's'}:`, findings),
  );
}

/**
 * Reads as much as can be read: unknown keys and names that do not fit each other leave a pipeline with which the rest
 * of a set-up can still be checked. null when a place that is needed is missing or wrong.
 */
export function readPipeline(input: unknown): { readonly pipeline: Pipeline | null; readonly findings: Finding[] } {
  const result = pipelineSchema.safeParse(input);
  if (result.success) return { pipeline: complete(result.data), findings: crossCheck(result.data) };
  const findings = findingsOfIssues(result.error.issues, input);
  const known = pipelineSchema.safeParse(withoutUnknownKeys(input, result.error.issues));
  if (!known.success) return { pipeline: null, findings };
  return { pipeline: complete(known.data), findings: [...findings, ...crossCheck(known.data)] };
}

function complete({ name, source, log, stores, slice, require }: ParsedFile): Pipeline {
  const names = resourceNames(name);
  return {
    name,
    source: {
      url: source.url,
      tables: source.tables,
      messages: source.messages,
      // Left out where it is the default: what runs already was started without it.
      ...(source.replicaIdentity === 'full' ? {} : { replicaIdentity: source.replicaIdentity }),
      slot: source.slot ?? names.slot,
      publication: source.publication ?? names.publication,
      copy: source.copy,
    },
    log: { ...log, prefix: log.prefix ?? name },
    stores,
    slice,
    ...(require === undefined ? {} : { require }),
  };
}

/** How large a batch of the log may be, and what becomes of a row that does not fit. */
export function recordRules({ log }: Pick<Pipeline, 'log'>): { maxMessageBytes: number; oversized: Oversized } {
  return { maxMessageBytes: log.maxMessageBytes ?? 16_777_216, oversized: log.oversized ?? 'block' };
}

/** Tables keep their replica identity, and what their changes leave out is read at the source. */
export function readsBack({ source }: Pick<Pipeline, 'source'>): boolean {
  return source.replicaIdentity === 'read-back';
}

export function wantsMessages({ source }: Pick<Pipeline, 'source'>): boolean {
  return (source.messages ?? []).length > 0;
}
