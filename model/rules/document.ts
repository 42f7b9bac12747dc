import type { Outcome, Row, Value } from '../change';
import type { Condition, DocumentMapping, FieldRule } from '../mapping-file';
import { RowMutation, type DocumentBody, type Json, type Mutation } from '../mutation';
import type { Column } from '../schema';
import { conversionOf } from './conversion';
import { idRule } from './document-id';
import { fillTemplate, parseTemplate } from './template';
import { callTransform, type Transform } from './transform';
import { Unmappable } from './unmappable';
import { readPredicate } from './where';

/** Name → column, of one version of a table. */
export type ColumnsByName = ReadonlyMap<string, Pick<Column, 'name' | 'type' | 'baseType'>>;

export interface DocumentRule {
  readonly target: string;
  readonly mapping: DocumentMapping;
  /** null: the record names no version of its table, so no type is known. */
  readonly columns: ColumnsByName | null;
  /** Lists and objects as they are, or as JSON text, which is what a replica's column takes. */
  readonly nested: boolean;
  /** What the mapping's `transform` stands for. */
  readonly transform: Transform | null;
}

/** Makes a mutation of a change, or throws `Unmappable`. */
export type MapDocument = (change: Outcome, version: string) => Mutation;

/** A rule for records of one version of a table, made once and used for each. */
export function compileDocument(rule: DocumentRule): MapDocument {
  const { target, mapping } = rule;
  const idOf = idRule(target, mapping.id);
  const renamed = renaming(mapping);
  // Rows are never altered: what is taken as it is needs no copy.
  const asItIs = mapping.rename === undefined;
  const whole = asItIs && mapping.select === undefined;
  const { select } = mapping;
  const isShadowed = shadowing(mapping);
  const selected = (row: Row) =>
    select ? project(row, select, { renamed }) : project(row, Object.keys(row), { renamed, isShadowed });
  const belongs = compileBelonging(rule);
  const made = compileMade(rule);
  const plain = isPlain(mapping);
  return (change, version) => {
    if (plain && change.afterRow !== undefined) return new RowMutation(idOf(change.key), target, version, change);
    const key = asItIs ? change.key : project(change.key, Object.keys(change.key), { renamed });
    const id = idOf(change.key);
    const row = change.after;
    // A row outside the filter is deleted whatever it was before: the store need not know whether it held it, and a
    // replay that begins after the row left the filter ends the same.
    if (row === null || !belongs(row)) return { id, target, key, document: null, version };
    const taken = whole ? row : selected(row);
    if (made === null) return { id, target, key, document: taken, version };
    const fields = made(row, change);
    return { id, target, key, document: fields && { ...taken, ...fields }, version };
  };
}

/** Every row is a document, and it is the row: whatever the mapping says of ids and names of targets. */
export function isPlain({ select, rename, filter, where, fields, transform }: DocumentMapping): boolean {
  return [select, rename, filter, where, fields, transform].every((rule) => rule === undefined);
}

/** Not by a look at the object alone: a column may be called `constructor`. */
export function renaming({ rename }: DocumentMapping): (column: string) => string {
  const names = new Map(Object.entries(rename ?? {}));
  return (column) => names.get(column) ?? column;
}

/**
 * Whether a column under its own name would stand where the mapping puts another one; `isThere`: whether the row, or the version,
 * has that one. A column with a name of its own in the mapping never does.
 */
export function shadowing({ rename }: DocumentMapping): (column: string, isThere: Has) => boolean {
  const names = new Map(Object.entries(rename ?? {}));
  const sources = new Map([...names].map(([source, name]) => [name, source]));
  return (column, isThere) => {
    const source = names.has(column) ? undefined : sources.get(column);
    return source !== undefined && isThere(source);
  };
}

type Has = (column: string) => boolean;

/** `isShadowed` absent: the mapping says itself which columns it takes, and its names have been found to be different. */
function project(
  row: Row,
  columns: readonly string[],
  names: { readonly renamed: (column: string) => string; readonly isShadowed?: ReturnType<typeof shadowing> },
): Row {
  const { renamed, isShadowed } = names;
  const isThere: Has = (column) => Object.hasOwn(row, column);
  const result: Record<string, Value> = {};
  for (const column of columns) {
    if (isShadowed?.(column, isThere) !== true) result[renamed(column)] = row[column] ?? null;
  }
  return result;
}

function compileBelonging({ mapping, columns }: DocumentRule): (row: Row) => boolean {
  const conditions = Object.entries(mapping.filter ?? {});
  if (conditions.length === 0 && mapping.where === undefined) return () => true;
  const filtered = (row: Row) => conditions.every(([column, condition]) => holds(row[column] ?? null, condition));
  if (mapping.where === undefined) return filtered;
  if (columns === null) return untyped;
  const { holds: where, problems } = readPredicate(mapping.where, columns);
  const [problem] = problems;
  if (problem) {
    // A version of the past or of the future, in which the column is another: its rows cannot be judged, one by one.
    return () => {
      throw new Unmappable(
        `"where${problem.place}" cannot be told in this version of the table: ${unstopped(problem.what)}`,
      );
    };
  }
  return (row) => filtered(row) && where(row);
}

/** Values compare by their text, since int8 and numeric travel as text: `{"equals": 5}` meets the bigint 5. */
function holds(value: Value, condition: Condition): boolean {
  if ('isNull' in condition) return (value === null) === condition.isNull;
  if (value === null) return false; // as in SQL: NULL is neither equal nor unequal to anything
  if ('equals' in condition) return String(value) === String(condition.equals);
  if ('notEquals' in condition) return String(value) !== String(condition.notEquals);
  return condition.in.some((candidate) => String(candidate) === String(value));
}

/** null: the row is not in the store, as a transform says. */
type Made = (row: Row, change: Outcome) => DocumentBody | null;

/** null: the mapping makes no fields. */
function compileMade(rule: DocumentRule): Made | null {
  const { mapping, nested } = rule;
  const fields = Object.entries(mapping.fields ?? {}).map(([name, field]) => ({
    name,
    make: compileField(name, field, rule),
  }));
  const transformed = compileTransform(rule);
  if (fields.length === 0 && transformed === null) return null;
  return (row, change) => {
    const result = transformed ? transformed(row, change) : {};
    if (result === null) return null;
    const entries = fields.map(({ name, make }): [string, Json] => [name, make(row)]);
    const body = { ...result, ...Object.fromEntries(entries) };
    return nested ? body : asText(body, rule);
  };
}

function compileField(
  name: string,
  { constant, template, column, to }: FieldRule,
  { columns }: DocumentRule,
): (row: Row) => Json {
  if (constant !== undefined) return () => constant;
  if (template !== undefined) {
    const parts = parseTemplate(template);
    if (typeof parts === 'string') throw new RangeError(parts);
    return (row) => fillTemplate(parts, row);
  }
  if (column === undefined || to === undefined) throw new RangeError(`field ${name} has no rule`);
  if (columns === null) return untyped;
  const found = columns.get(column);
  // A version that has no such column: it was NULL for the rows of the time.
  if (!found) return () => null;
  const conversion = conversionOf(found.baseType, to);
  return (row) => {
    const value = row[column] ?? null;
    if (value === null) return null;
    try {
      if (!conversion) throw new Unmappable(`it is ${found.type} in this version of the table, which is never that`);
      return conversion.convert(value);
    } catch (error) {
      if (!(error instanceof Unmappable)) throw error;
      throw new Unmappable(`column ${column} cannot be made the ${to} of field '${name}': ${error.message}`);
    }
  };
}

function compileTransform({ mapping, transform, columns }: DocumentRule): Made | null {
  const reference = mapping.transform;
  if (reference === undefined || transform === null) return null;
  const described = columns && [...columns.values()];
  return (row, { table, key }) =>
    callTransform(reference, transform, { row, context: { table, key, columns: described } });
}

/** A replica's lists and objects are JSON columns, whose text also a lone string needs. */
function asText(body: DocumentBody, { mapping }: DocumentRule): DocumentBody {
  const entries = Object.entries(body).map(([name, value]): [string, Json] => [
    name,
    value !== null && isNested(resultOf(mapping, name)) ? JSON.stringify(value) : value,
  ]);
  return Object.fromEntries(entries);
}

function resultOf({ fields, transform }: DocumentMapping, name: string): string | undefined {
  return fields && Object.hasOwn(fields, name) ? fields[name]?.to : transform?.returns[name];
}

function isNested(result: string | undefined): boolean {
  return result === 'json' || result === 'list';
}

function untyped(): never {
  throw new Unmappable(
    'it names no version of its table, as records of logs of before there were any, so its types are not known; a new pipeline, and with it a new log, has them',
  );
}

function unstopped(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
