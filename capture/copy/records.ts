import type { Operation, Row } from '../../model/change';
import { encodeChange } from '../../stream/envelope';
import { schemaId } from '../relations';
import { createKeyOf } from '../values';
import type { ReadyChunk } from './copier';

/**
 * A chunk's rows as they stand on the log: reads, at the closed point where the chunk is appended. Of a key that was asked
 * for and has no row, a delete, as of a TRUNCATE: only its key is known.
 */
export function recordsOf(
  { table, rows, missing, readAt }: ReadyChunk,
  lsn: string,
  context: Parameters<typeof encodeChange>[1],
) {
  const keyOf = createKeyOf(table);
  const common = {
    table: table.name,
    position: { lsn, index: 0 },
    schemaId: schemaId(table),
    transaction: { xid: null, committedAt: readAt },
  };
  const encoded = (operation: Operation, key: Row, states: { before: Row | null; after: Row | null }) =>
    encodeChange({ ...common, operation, key, ...states }, context);
  return [
    ...rows.flatMap((after) => encoded('read', keyOf(after), { before: null, after })),
    ...missing.flatMap((key) => encoded('delete', key, { before: key, after: null })),
  ];
}
