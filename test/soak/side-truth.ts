import { tableTopic } from '../../model/names';
import { compareRows, type Difference } from '../support/differences';
import { readRecords } from '../support/log-contents';
import type { Scenario } from '../support/scenario';
import { columnsOf, sideTables } from './side-tables';

type Row = Readonly<Record<string, unknown>>;

/**
 * The log's last word on each row of the side tables against plain SQL, every column that the table has now, also those
 * that no store takes: a copy that did not come leaves rows here with the value of a column that went, or without one.
 */
export async function sideDifferencesOnLog({ kafka, name, source }: Scenario): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const qualified of sideTables.names) {
    const table = qualified.replace('public.', '');
    const columns = await columnsOf(source, table);
    const rows = await source.query(`select ${columns.map((column) => `${column}::text`).join(', ')} from ${table}`);
    const truth = new Map(rows.map((row) => [String(row['id']), texts(row, columns)]));
    const onLog = new Map<string, Record<string, string | null>>();
    for (const { key, after } of await readLastWords(kafka, tableTopic(name, qualified))) {
      if (after === null) onLog.delete(key);
      else onLog.set(String(after['id']), texts(after, columns));
    }
    differences.push(...compareRows(`${table} on the log`, truth, onLog));
  }
  return differences;
}

/** Key by key, in the order of each partition. */
async function readLastWords(brokers: string, topic: string): Promise<{ key: string; after: Row | null }[]> {
  return readRecords(brokers, [topic], ({ key, value }) => {
    if (key === null || value === null) return null;
    const { id } = JSON.parse(key.toString('utf8')) as { id: string | number };
    return { key: String(id), after: (JSON.parse(value.toString('utf8')) as { after: Row | null }).after };
  });
}

/** A record from before a column has none of it: NULL. */
function texts(row: Row, columns: readonly string[]): Record<string, string | null> {
  return Object.fromEntries(
    columns.map((column) => {
      const value = row[column] ?? null;
      return [column, typeof value === 'string' || value === null ? value : JSON.stringify(value)];
    }),
  );
}
