import type { Change, Row } from '../model/change';
import type { EncodedRecord } from '../stream/log';
import type { LiveKeysWatch } from './parts';
import type { Truncation, Unit } from './pending';

/** What emptying a table needs of the loop. */
export interface Emptying {
  readonly liveKeys: (table: string, watch: LiveKeysWatch) => AsyncIterable<readonly Row[]>;
  readonly encode: (change: Change) => EncodedRecord[];
  readonly append: (unit: Unit) => Promise<void>;
}

/** Of one append: each delete is a record and a tombstone. */
const maxChanges = 2_000;

/**
 * TRUNCATE as stores understand it: a delete and a tombstone for every row the log holds. The WAL names no rows, and the
 * table is empty by now; the log knows them, since all that stood before is appended and nobody else writes to it.
 *
 * Every append keeps the position *before* the TRUNCATE. After `kill -9` in the middle it therefore comes again, and the
 * log itself says what is left of it: no row is deleted twice, none is forgotten (Invariants 2 and 8). With its own
 * position on the first of them the rest would count as known. The append that follows, at the latest the transaction's
 * end, passes it.
 *
 * False: told to end before all were gone.
 */
export async function emptyTable(
  { liveKeys, encode, append }: Emptying,
  { table, position, schemaId, transaction }: Truncation,
  { signal, onAlive }: LiveKeysWatch,
): Promise<boolean> {
  const before = { lsn: position.lsn, index: position.index - 1 };
  try {
    for await (const keys of liveKeys(table, { signal, onAlive })) {
      for (let at = 0; at < keys.length; at += maxChanges) {
        if (signal.aborted) return false;
        const some = keys.slice(at, at + maxChanges);
        const records = some.flatMap((key) =>
          encode({ table, operation: 'delete', key, before: key, after: null, position, schemaId, transaction }),
        );
        await append({
          records,
          changes: some.length,
          position: before,
          closed: false,
          committedAt: null,
          copy: null,
        });
        onAlive();
      }
    }
  } catch (error) {
    if (signal.aborted && error === signal.reason) return false;
    throw error;
  }
  return true;
}
