import { createHash } from 'node:crypto';
import { formatTableName, type TableName } from '../model/change';
import { Blocked } from '../model/errors';
import type { Column, SchemaVersion, TableSchema } from '../model/schema';
import { hasCanonicalForm } from '../model/value-types';
import type { Relation } from './pgoutput';

/**
 * What differs between a table as the stream describes it and the catalogue as it was read when the session began;
 * null when nothing does. The key is not compared here: under REPLICA IDENTITY FULL the stream does not tell it.
 */
export function relationDifference(relation: Relation, schema: TableSchema): string | null {
  const name = formatTableName(relation satisfies TableName);
  if (name !== schema.name) return `it is now called ${name}`;
  return columnDifference(
    relation.columns.map(({ name, typeId }) => ({ name, type: String(typeId) })),
    published(schema).map(({ name, typeId }) => ({ name, type: String(typeId) })),
  );
}

/** The same between two readings of the catalogue, key included. */
export function schemaDifference(now: TableSchema, before: TableSchema): string | null {
  if (now.relationId !== before.relationId) return 'it was dropped and created again';
  const columns = columnDifference(published(now), published(before));
  if (columns !== null) return columns;
  if (now.key.join('\0') !== before.key.join('\0')) {
    return `its key was (${before.key.join(', ')}) and is (${now.key.join(', ')})`;
  }
  return null;
}

export function schemaChanged(table: string, difference: string): Blocked {
  return new Blocked(
    'schema-changed',
    `${table} changed while it was captured: ${difference}. Nothing beyond the last complete transaction was ` +
      'confirmed. Undo the change of the table, or begin a new log with a new pipeline.',
  );
}

/** Columns pgoutput sends. */
function published(schema: TableSchema): readonly Column[] {
  return schema.columns.filter((column) => !column.generated);
}

function columnDifference(now: readonly Described[], before: readonly Described[]): string | null {
  const types = new Map(before.map(({ name, type }) => [name, type]));
  const names = new Set(now.map(({ name }) => name));
  const added = now.filter(({ name }) => !types.has(name)).map(({ name }) => name);
  const removed = before.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  const retyped = now.filter(({ name, type }) => (types.get(name) ?? type) !== type).map(({ name }) => name);
  const parts = [
    added.length > 0 ? `column ${added.join(', ')} is new` : '',
    removed.length > 0 ? `column ${removed.join(', ')} is gone` : '',
    retyped.length > 0 ? `column ${retyped.join(', ')} has another type` : '',
  ].filter((part) => part !== '');
  if (parts.length > 0) return parts.join('; ');
  // Values arrive by place: the same columns in another order would end in each other's fields.
  return now.every(({ name }, index) => before[index]?.name === name) ? null : 'its columns are in another order';
}

interface Described {
  readonly name: string;
  readonly type: string;
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

/**
 * A table may change while no session looks, or between a change that blocked and the next attempt: the log remembers
 * what it was begun with. Throws `Blocked` schema-changed.
 */
export function checkFingerprints(
  recorded: Readonly<Record<string, string>> | undefined,
  tables: readonly TableSchema[],
): void {
  for (const table of tables) {
    const before = recorded?.[table.name];
    if (before !== undefined && before !== schemaId(table)) {
      throw schemaChanged(table.name, 'its columns or its key are not those the log was begun with');
    }
  }
}
