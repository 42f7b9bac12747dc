import type { AcceptedVersion } from './accepted-versions';
import type { LoggedChange } from './log-contents';

/** One committed row change, as the source's own ledger has it. */
export interface LedgerEntry {
  readonly table: string;
  readonly operation: string;
  readonly revision: number;
}

export interface LogVerdict {
  /** Changes from the WAL; copied rows are not counted. */
  readonly changes: number;
  /** Committed, and not on the log. */
  readonly lost: readonly string[];
  /** On the log more than once: by their position or by what they say. */
  readonly repeated: readonly string[];
  /** On the log, and never committed. */
  readonly aborted: readonly string[];
  /** After a change of a higher position in the same partition. */
  readonly disordered: readonly string[];
}

/** Whether the log is what was committed: each change once, in order, nothing else. Partition by partition, in offset order. */
export function checkLog(log: readonly LoggedChange[], ledger: readonly LedgerEntry[]): LogVerdict {
  const expected = new Set(ledger.map(nameOf));
  const positions = new Set<string>();
  const seen = new Set<string>();
  const repeated: string[] = [];
  const aborted: string[] = [];
  const disordered: string[] = [];
  const last = new Map<string, LoggedChange>();
  const live = new Set<string>();
  let changes = 0;
  const noteOrder = (change: LoggedChange) => {
    const partition = `${change.table}/${change.partition}`;
    const before = last.get(partition);
    if (before && comesAfter(before, change)) {
      disordered.push(`${nameOf(change)} at ${change.lsn}/${change.index}, offset ${change.offset}`);
    }
    last.set(partition, change);
  };
  for (const change of log) {
    const row = `${change.table} ${change.key}`;
    const wasLive = change.operation === 'd' ? live.delete(row) : live.has(row);
    if (change.operation !== 'd') live.add(row);
    if (change.operation === 'r') continue;
    changes += 1;
    if (isOfTruncate(change)) {
      if (!wasLive) repeated.push(`${row} deleted by a TRUNCATE at ${change.lsn}/${change.index}, and not there`);
      noteOrder(change);
      continue;
    }
    const name = nameOf(change);
    const position = `${change.lsn}/${change.index}`;
    if (seen.has(name) || positions.has(position)) repeated.push(`${name} at ${position}`);
    if (!expected.has(name)) aborted.push(`${name} at ${position}`);
    seen.add(name);
    positions.add(position);
    noteOrder(change);
  }
  return { changes, lost: [...expected].filter((name) => !seen.has(name)), repeated, aborted, disordered };
}

/** The log as a store that accepts everything: what goes back in time here is wrong in every store for ever. */
export function versionsOnLog(log: readonly LoggedChange[]): AcceptedVersion[] {
  const inOrder = [...log].sort((left, right) => left.offset - right.offset);
  return inOrder.map(({ table, partition, key, operation, revision }) => ({
    generation: `log/${partition}`,
    target: table,
    key,
    revision: operation === 'd' ? null : revision,
  }));
}

/** Nobody knows the rows of a TRUNCATE but by their keys: no revision, no ledger, and one position for all of them. */
function isOfTruncate({ operation, revision }: LoggedChange): boolean {
  return operation === 'd' && Number.isNaN(revision);
}

function comesAfter(left: LoggedChange, right: LoggedChange): boolean {
  return left.lsn > right.lsn || (left.lsn === right.lsn && left.index > right.index);
}

/** Revisions come from one sequence, so this names one change of one row version. */
function nameOf({ table, operation, revision }: Pick<LoggedChange, 'table' | 'revision'> & { operation: string }) {
  return `${table} ${operation} revision ${revision}`;
}
