import { parseTableName, type Outcome } from './change';
import type { DocumentMapping, TableMapping } from './mapping-file';
import type { Mutation } from './mutation';
import type { StoreDefinition } from './pipeline';
import { poisonRecord } from './poison';
import { compileDocument, isPlain, renaming, shadowing, type MapDocument } from './rules/document';
import { idBeginning } from './rules/document-id';
import { constantColumn, resultColumn } from './rules/result-type';
import { findTransform, type Transform, type Transforms } from './rules/transform';
import { Unmappable } from './rules/unmappable';
import { columnsOfTemplate, parseTemplate } from './rules/template';
import { columnsOfPredicate } from './rules/where';
import type { Column, TableSchema } from './schema';

/**
 * The pure rule from change to mutations, one per kind of document that the table's rows become, made once per generation. A
 * change is complete in itself, so the result depends on the change alone: folding any suffix that holds the last record of
 * each key gives the same documents.
 *
 * `version`: the record's offset. `columns`: of the version of the table that the record names; null when it names none.
 * Throws `PoisonRecord` unmappable for a record that cannot become its documents.
 */
export type Mapping = (change: Outcome, version: string, columns?: readonly Column[] | null) => readonly Mutation[];

/** Throws a RangeError when a transform is missing; `findTransforms` says so beforehand. */
export function createMapping(definition: StoreDefinition, transforms: Transforms = {}): Mapping {
  const tables = new Map(
    Object.keys(definition.tables).map((table) => [table, createTableMapping(definition, table, transforms)]),
  );
  return (change, version, columns = null) => tables.get(change.table)?.(change, version, columns) ?? [];
}

function createTableMapping(definition: StoreDefinition, table: string, transforms: Transforms) {
  const documents = documentsOf(definition, table).map(({ target, mapping }) => ({
    ...{ target, mapping, nested: definition.type !== 'postgres' },
    transform: transformOf(mapping, transforms),
  }));
  let compiled: { readonly columns: readonly Column[] | null; readonly rules: readonly MapDocument[] } | null = null;
  return (change: Outcome, version: string, columns: readonly Column[] | null): readonly Mutation[] => {
    // Records come in runs of one version, whose columns are always the same object.
    if (compiled?.columns !== columns || !compiled) {
      const byName = columns && new Map(columns.map((column) => [column.name, column]));
      compiled = { columns, rules: documents.map((document) => compileDocument({ ...document, columns: byName })) };
    }
    try {
      const { rules } = compiled;
      const [rule] = rules;
      // Done for every record, and nearly all tables make one kind of document.
      return rule && rules.length === 1 ? [rule(change, version)] : rules.map((each) => each(change, version));
    } catch (error) {
      if (!(error instanceof Unmappable)) throw error;
      throw poisonRecord('unmappable', { table, key: change.key, offset: version }, error.message);
    }
  };
}

function transformOf({ transform }: DocumentMapping, transforms: Transforms): Transform | null {
  if (transform === undefined) return null;
  const found = findTransform(transform, transforms);
  if (typeof found === 'string') throw new RangeError(found);
  return found;
}

/** Whether a store writes rows as they travel: nobody looks at their values on the way. */
export function takesRows(definition: StoreDefinition): boolean {
  return definition.type !== 'redis' && allDocuments(definition).every(({ mapping }) => isPlain(mapping));
}

/** One kind of document of a store. */
export interface TargetDocument {
  /** Canonical name of the table whose rows they are made of. */
  readonly table: string;
  /** The name they have in the store. Each is of one table. */
  readonly target: string;
  readonly mapping: DocumentMapping;
}

/** What a table's rows become in a store; none for a table that it does not follow. */
export function documentsOf({ tables }: Pick<StoreDefinition, 'tables'>, table: string): readonly TargetDocument[] {
  const mapping = Object.hasOwn(tables, table) ? tables[table] : undefined;
  if (mapping === undefined) return [];
  return mappingsIn(mapping).map((each) => ({ table, target: targetOf(table, each), mapping: each }));
}

/** One of them, by its target where there are several; undefined when the store does not follow that. */
export function documentIn(
  definition: Pick<StoreDefinition, 'tables'>,
  { name, target }: { readonly name: string; readonly target?: string },
): TargetDocument | undefined {
  return documentsOf(definition, name).find((document) => target === undefined || document.target === target);
}

/** The same for all tables of a store, in the order of the file. */
export function allDocuments(definition: Pick<StoreDefinition, 'tables'>): readonly TargetDocument[] {
  return Object.keys(definition.tables).flatMap((table) => documentsOf(definition, table));
}

export function mappingsIn(mapping: TableMapping): readonly DocumentMapping[] {
  return mapping.documents ?? [mapping];
}

/** The name a table has in the store. */
export function targetOf(table: string, mapping: DocumentMapping): string {
  return mapping.into ?? parseTableName(table).table;
}

/** What the ids of a target's documents begin with, and no others do. */
export function idsBeginWith({ target, mapping }: Pick<TargetDocument, 'target' | 'mapping'>): string {
  return mapping.id === undefined
    ? `${target.replaceAll('%', '%25').replaceAll('/', '%2F')}/`
    : idBeginning(mapping.id);
}

/** Whether a store needs a column of a table: to hold it, to make something of it, or to know whether the row belongs there. */
export function takesColumn(definition: StoreDefinition, table: string, column: string): boolean {
  return documentsOf(definition, table).some(
    ({ mapping }) =>
      mapping.select === undefined ||
      mapping.transform !== undefined ||
      mapping.select.includes(column) ||
      usedColumns(mapping).includes(column),
  );
}

/** Columns that decide whether a row is in the store. */
function filterColumns({ filter = {}, where }: DocumentMapping): readonly string[] {
  return [...new Set([...Object.keys(filter), ...(where ? columnsOfPredicate(where) : [])])];
}

/** Columns that the document need not hold: those of filters, templates and conversions. */
export function usedColumns(mapping: DocumentMapping): readonly string[] {
  const made = Object.values(mapping.fields ?? {}).flatMap(({ template, column }) => {
    const parts = template === undefined ? [] : parseTemplate(template);
    return [...(column === undefined ? [] : [column]), ...(typeof parts === 'string' ? [] : columnsOfTemplate(parts))];
  });
  return [...new Set([...filterColumns(mapping), ...made])];
}

/** One column of a target: where it comes from, and its name in the store. */
export interface TargetColumn {
  /** null: it is made by a field's rule or a transform. */
  readonly source: string | null;
  readonly name: string;
  readonly column: Column;
}

/** The columns a target has in the store, in source order, under their target names; behind them those that are made. */
export function targetColumns(table: Pick<TableSchema, 'columns'>, mapping: DocumentMapping): readonly TargetColumn[] {
  const selected = mapping.select ? new Set(mapping.select) : null;
  const renamed = renaming(mapping);
  const shadowed = shadowedColumns(table, mapping);
  const taken = table.columns
    .filter((column) => !column.generated && (selected === null || selected.has(column.name)))
    .filter(({ name }) => !shadowed.includes(name))
    .map((column) => ({ source: column.name, name: renamed(column.name), column }));
  return [...taken, ...madeColumns(mapping).map((column) => ({ source: null, name: column.name, column }))];
}

/**
 * Columns that would be taken only because the table has them, under a name that the mapping gives to something else. No file
 * begins like that: such a column came to the table later, or was there in a version of the past. The name stays what the
 * mapping says that it is.
 */
export function shadowedColumns(table: Pick<TableSchema, 'columns'>, mapping: DocumentMapping): readonly string[] {
  if (mapping.select !== undefined) return [];
  const isShadowed = shadowing(mapping);
  const made = new Set(madeColumns(mapping).map(({ name }) => name));
  const names = new Set(table.columns.map(({ name }) => name));
  return table.columns
    .filter(({ name, generated }) => !generated && (isShadowed(name, (source) => names.has(source)) || made.has(name)))
    .map(({ name }) => name);
}

/** Fields that are no columns of the source. */
export function madeColumns({ fields = {}, transform }: DocumentMapping): readonly Column[] {
  const returned = Object.entries(transform?.returns ?? {}).map(([name, type]) => resultColumn(name, type));
  const made = Object.entries(fields).map(([name, { constant, to }]) =>
    constant === undefined ? resultColumn(name, to ?? 'string') : constantColumn(name, constant),
  );
  return [...returned, ...made];
}
