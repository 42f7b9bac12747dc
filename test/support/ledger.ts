import type { Database } from './database';
import type { LedgerEntry } from './log-check';

/** Every committed row change of the workload's tables, as the source's own triggers wrote it down. */
export async function readLedger(source: Database): Promise<LedgerEntry[]> {
  const rows = await source.query(`select relation, operation, revision from ledger`);
  return rows.map(({ relation, operation, revision }) => ({
    table: String(relation),
    operation: String(operation),
    revision: Number(revision),
  }));
}
