import { parseTableName, type Outcome, type Row, type Value } from './change';
import { documentId } from './names';
import type { Mutation } from './mutation';
import type { Condition, StoreDefinition, TableMapping } from './pipeline';
import type { Column, TableSchema } from './schema';

/**
 * The pure rule from change to mutation, made once per generation. A change is complete in itself, so the result
 * depends on the change alone: folding any suffix that holds the last record of each key gives the same documents.
 */
export type Mapping = (change: Outcome, version: string) => Mutation | null;

export function createMapping(definition: StoreDefinition): Mapping {
  const rules = new Map(
    Object.entries(definition.tables).map(([table, mapping]) => [table, createRule(table, mapping)]),
  );
  return (change, version) => rules.get(change.table)?.(change, version) ?? null;
}

/** The name a table has in the store. */
export function targetOf(table: string, mapping: TableMapping): string {
  return mapping.into ?? parseTableName(table).table;
}

/** Whether a store needs a column of a table: to hold it, or to know whether the row belongs there. */
export function takesColumn(definition: StoreDefinition, table: string, column: string): boolean {
  const mapping = definition.tables[table];
  if (!mapping) return false;
  return mapping.select === undefined || mapping.select.includes(column) || column in (mapping.filter ?? {});
}

function createRule(table: string, mapping: TableMapping): (change: Outcome, version: string) => Mutation {
  const target = targetOf(table, mapping);
  const renamed = renaming(mapping);
  const conditions = Object.entries(mapping.filter ?? {});
  // Rows are never altered: what is taken as it is needs no copy.
  const asItIs = mapping.rename === undefined;
  return (change, version) => {
    const id = documentId(target, Object.values(change.key));
    const key = asItIs ? change.key : project(change.key, Object.keys(change.key), renamed);
    const row = change.after;
    // A row outside the filter is deleted whatever it was before: the store need not know whether it held it, and a
    // replay that begins after the row left the filter ends the same.
    const present = row !== null && conditions.every(([column, condition]) => holds(row[column] ?? null, condition));
    const whole = asItIs && mapping.select === undefined;
    const document = !present ? null : whole ? row : project(row, mapping.select ?? Object.keys(row), renamed);
    return { id, target, key, document, version };
  };
}

/** Not by a look at the object alone: a column may be called `constructor`. */
function renaming({ rename }: TableMapping): (column: string) => string {
  const names = new Map(Object.entries(rename ?? {}));
  return (column) => names.get(column) ?? column;
}

function project(row: Row, columns: readonly string[], renamed: (column: string) => string): Row {
  const result: Record<string, Value> = {};
  for (const column of columns) result[renamed(column)] = row[column] ?? null;
  return result;
}

/** Values compare by their text, since int8 and numeric travel as text: `{"equals": 5}` meets the bigint 5. */
function holds(value: Value, condition: Condition): boolean {
  if ('isNull' in condition) return (value === null) === condition.isNull;
  if (value === null) return false; // as in SQL: NULL is neither equal nor unequal to anything
  if ('equals' in condition) return String(value) === String(condition.equals);
  if ('notEquals' in condition) return String(value) !== String(condition.notEquals);
  return condition.in.some((candidate) => String(candidate) === String(value));
}

/** One column of a target: where it comes from, and its name in the store. */
export interface TargetColumn {
  readonly source: string;
  readonly name: string;
  readonly column: Column;
}

/** The columns a target has in the store, in source order, under their target names. */
export function targetColumns(table: Pick<TableSchema, 'columns'>, mapping: TableMapping): readonly TargetColumn[] {
  const selected = mapping.select ? new Set(mapping.select) : null;
  const renamed = renaming(mapping);
  return table.columns
    .filter((column) => !column.generated && (selected === null || selected.has(column.name)))
    .map((column) => ({ source: column.name, name: renamed(column.name), column }));
}
