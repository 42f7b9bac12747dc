import type { RowReader } from '../capture/source/row-reader';
import { takesColumn } from '../model/mapping';
import type { Outcome, Row } from '../model/change';
import type { StoreDefinition } from '../model/pipeline';

/** Completes what a record had to leave out (`log.oversized`: "reference"), before it is mapped. */
export interface AbsentColumns {
  complete(outcome: Outcome, signal: AbortSignal): Promise<Outcome>;
  close(): Promise<void>;
}

/**
 * Only columns that the store takes are read, so a store without them does not depend on the source. A row that is gone
 * there is gone here: its delete stands further on in the log, under a higher version.
 */
export function openAbsentColumns(definition: StoreDefinition, open: () => RowReader): AbsentColumns {
  let reader: RowReader | null = null;
  return {
    async complete(outcome, signal) {
      const { table, key, after, absent = [], transaction } = outcome;
      const columns = absent.filter((column) => takesColumn(definition, table, column));
      if (after === null || columns.length === 0 || transaction === undefined) return outcome;
      reader ??= open();
      const found: Row | null = await reader.read({ table, key, columns, transaction }, signal);
      return { ...outcome, after: found && { ...after, ...found } };
    },
    async close() {
      await reader?.close();
    },
  };
}
