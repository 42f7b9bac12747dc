import type { Column } from '../../model/schema';
import { quoteName } from '../source/quoting';

/** About this much text per chunk, whatever the rows' width (Invariant 10). */
export const chunkBytes = 4 * 1024 * 1024;

/** The columns that a chunk reads: those that the stream brings too. */
export function published({ columns }: { readonly columns: readonly Column[] }): readonly Column[] {
  return columns.filter(({ generated }) => !generated);
}

/** Types of which no value is wide. */
const narrow = new Set(
  'bool int2 int4 int8 oid float4 float8 money date time timetz timestamp timestamptz interval uuid name char'.split(
    ' ',
  ),
);

/**
 * SQL for about how much text a row makes; null when no column can be wide. The sizes of long values stand beside them,
 * so none of these reads a long value: of texts exact, of others by what they take on disk, compressed as they may be.
 * A float, whole up to 2^53: sums of int8 are numeric, and took half of what a page takes.
 */
export function widthOf(columns: readonly Column[], relation = ''): string | null {
  const wide = columns.filter(({ baseType }) => !narrow.has(baseType));
  if (wide.length === 0) return null;
  const sizes = wide.map(({ name, baseType }) => {
    const column = relation + quoteName(name);
    if (['text', 'varchar', 'bpchar'].includes(baseType)) return `coalesce(octet_length(${column}), 0)`;
    if (baseType === 'bytea') return `coalesce(octet_length(${column}), 0) * 2`;
    return `coalesce(pg_column_size(${column}), 0) * 4`;
  });
  return `(${sizes.join(' + ')})::float8`;
}
