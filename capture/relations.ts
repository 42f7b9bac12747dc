import { formatTableName, type TableName } from '../model/change';
import { Blocked } from '../model/errors';
import type { TableSchema } from '../model/schema';
import type { Relation } from './pgoutput';

/**
 * What differs between a table as the stream describes it and the catalogue as it was read when the session began;
 * null when nothing does. The key is not compared here: under REPLICA IDENTITY FULL the stream does not tell it.
 */
export function relationDifference(relation: Relation, schema: TableSchema): string | null {
  const name = formatTableName(relation satisfies TableName);
  if (name !== schema.name) return `it is now called ${name}`;
  return columnDifference(relation.columns, published(schema));
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

/** Columns pgoutput sends: generated ones are left out. */
function published(schema: TableSchema): readonly { readonly name: string; readonly typeId: number }[] {
  return schema.columns.filter((column) => !column.generated);
}

function columnDifference(
  now: readonly { readonly name: string; readonly typeId: number }[],
  before: readonly { readonly name: string; readonly typeId: number }[],
): string | null {
  const types = new Map(before.map(({ name, typeId }) => [name, typeId]));
  const added = now.filter(({ name }) => !types.has(name)).map(({ name }) => name);
  const names = new Set(now.map(({ name }) => name));
  const removed = before.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  const retyped = now.filter(({ name, typeId }) => (types.get(name) ?? typeId) !== typeId).map(({ name }) => name);
  const parts = [
    added.length > 0 ? `column ${added.join(', ')} is new` : '',
    removed.length > 0 ? `column ${removed.join(', ')} is gone` : '',
    retyped.length > 0 ? `column ${retyped.join(', ')} has another type` : '',
  ].filter((part) => part !== '');
  if (parts.length > 0) return parts.join('; ');
  // Values arrive by place: the same columns in another order would end in each other's fields.
  return now.every(({ name }, index) => before[index]?.name === name) ? null : 'its columns are in another order';
}
