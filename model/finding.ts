import { findingCodes, type AtStart, type FindingCode, type Severity } from './finding-codes';

/**
 * One thing that is wrong with a set-up, or will be. A value: checks judge, and whoever asked decides what to do with
 * it. Never holds a secret or a row.
 */
export interface Finding {
  /** `error`: the pipeline would not run, or not rightly. `warning`: it would, at a price that should be known. */
  readonly severity: Severity;
  /** Published in docs/doctor.md; scripts match on it. */
  readonly code: FindingCode;
  /** What was found, as a sentence. */
  readonly what: string;
  /** The place in the pipeline file, or the object on the server. */
  readonly where: string;
  /** What would come of it. */
  readonly why: string;
  /** The statement, command or setting that mends it. */
  readonly cure: string;
}

/** What one part of a set-up was found to be. */
export interface PartReport {
  /** `file`, `source`, `log`, `stores.<name>` or `temporal`. */
  readonly part: string;
  /** What was looked at and is as it should be: one short line each. */
  readonly facts: readonly string[];
  readonly findings: readonly Finding[];
}

export function finding(code: FindingCode, seen: Pick<Finding, 'what' | 'where' | 'cure'>): Finding {
  const { severity, why } = findingCodes[code];
  return { severity, code, what: seen.what, where: seen.where, why, cure: seen.cure };
}

export function isError({ severity }: Finding): boolean {
  return severity === 'error';
}

/** What the start of a pipeline makes of it. */
export function atStart({ code }: Finding): AtStart {
  return findingCodes[code].atStart;
}

/** Where, what and how to mend it, in one line. */
export function describeFinding({ where, what, cure }: Finding): string {
  return `${where}: ${what} ${cure}`;
}

/** A heading and one line per finding. */
export function listFindings(heading: string, findings: readonly Finding[]): string {
  return `${heading}\n${findings.map((each) => `  - ${describeFinding(each)}`).join('\n')}`;
}
