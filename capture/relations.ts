import { createHash } from 'node:crypto';
import { Blocked } from '../model/errors';
import type { Column, SchemaVersion, TableSchema } from '../model/schema';
import { hasCanonicalForm } from '../model/value-types';

export function schemaChanged(table: string, difference: string): Blocked {
  return new Blocked(
    'schema-changed',
    `${table} changed while it was captured: ${difference}. Nothing beyond the last complete transaction was ` +
      'confirmed. Undo the change of the table, or begin a new log with a new pipeline.',
  );
}

export function recreated(table: string): Blocked {
  return schemaChanged(table, 'it was dropped and created again');
}

/** Columns pgoutput sends. */
export function published(schema: Pick<TableSchema, 'columns'>): readonly Column[] {
  return schema.columns.filter((column) => !column.generated);
}

/** What a position record keeps of each table. */
export function fingerprints(tables: readonly TableSchema[]): Record<string, string> {
  return Object.fromEntries(tables.map((table) => [table.name, schemaId(table)]));
}

/** The table as its records carry it. */
export function schemaVersion(table: TableSchema): SchemaVersion {
  const { name, relationId, key } = table;
  return { id: schemaId(table), name, relationId, columns: published(table), key };
}

/** The versions that the log does not keep yet; `last` is its last position record. */
export function undescribed(
  tables: readonly TableSchema[],
  last: { readonly schemas?: Readonly<Record<string, string>>; readonly described?: true },
): SchemaVersion[] {
  return tables.map(schemaVersion).filter(({ id, name }) => !last.described || last.schemas?.[name] !== id);
}

/** Stands in every record and every position record: another way to make it would make every table a changed one. */
export function schemaId(table: TableSchema): string {
  const columns = published(table).map(({ name, type }) => [name, type]);
  // Keys of such columns once travelled as they were written: a log of those must not go on with others.
  const canonical = table.columns.filter((column) => table.key.includes(column.name) && hasCanonicalForm(column));
  const mark = canonical.length > 0 ? ['canonical keys'] : [];
  const text = JSON.stringify([table.relationId, columns, table.key, ...mark]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
