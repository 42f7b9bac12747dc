import { encodeChange } from '../../stream/envelope';
import { schemaId } from '../relations';
import { createKeyOf } from '../values';
import type { ReadyChunk } from './copier';

/** A chunk's rows as they stand on the log: reads, at the closed point where the chunk is appended. */
export function recordsOf(
  { table, rows, readAt }: ReadyChunk,
  lsn: string,
  context: Parameters<typeof encodeChange>[1],
) {
  const id = schemaId(table);
  const keyOf = createKeyOf(table);
  return rows.flatMap((after) =>
    encodeChange(
      {
        table: table.name,
        operation: 'read',
        key: keyOf(after),
        before: null,
        after,
        position: { lsn, index: 0 },
        schemaId: id,
        transaction: { xid: null, committedAt: readAt },
      },
      context,
    ),
  );
}
