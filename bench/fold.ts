import { compareDecimal } from '../model/position';
import { decodeChange } from '../stream/envelope';
import { readPieces } from './lane';
import type { Log, Place } from './log';
import { createDigest, type Contents } from './truth';

/** The fold of a log: the last row of each key. Throws when a key's changes do not come in the order of the source. */
export async function foldLog(place: Place, log: Log): Promise<Contents & { readonly records: number }> {
  const rows = new Map<string, { lsn: string; index: number; row: Readonly<Record<string, unknown>> | null }>();
  let records = 0;
  for await (const piece of readPieces(place, log)) {
    for (const record of piece) {
      const change = decodeChange(record);
      if (!change) continue;
      records += 1;
      const id = String(change.key['id']);
      const before = rows.get(id);
      const { lsn, index } = change.position;
      if (before && (compareDecimal(before.lsn, lsn) || before.index - index) > 0) {
        throw new Error(`The log has an older change of row ${id} after a newer one.`);
      }
      rows.set(id, { lsn, index, row: change.after });
    }
  }
  const digest = createDigest();
  for (const [id, { row }] of rows) if (row) digest.add(`items/${id}`, row);
  return { ...digest.contents(), records };
}
