import { mappingsIn } from './mapping';
import type { DocumentMapping, TableMapping } from './mapping-file';
import { conversionOf } from './rules/conversion';
import { columnsOfTemplate, parseTemplate } from './rules/template';
import type { Column } from './schema';

/** What readers of a store can no longer tell, because a mapping says so. */
export interface Loss {
  /** The field in the store. */
  readonly field: string;
  /** The column it is made of; null: of the whole row. */
  readonly column: string | null;
  /** A clause: what is lost; null: nothing, and yet some values cannot become the field. */
  readonly lost: string | null;
  /** Values whose record is poison; null: none. */
  readonly refused: string | null;
}

/**
 * What a table's mapping declares to be lost on the way, or refused, beyond what docs/types.md says of the store itself. Pure;
 * columns that are not there are findings of `judgeMapping`, and nothing here.
 */
export function mappingLosses(mapping: TableMapping, columns: readonly Pick<Column, 'name' | 'baseType'>[]): Loss[] {
  const types = new Map(columns.map(({ name, baseType }) => [name, baseType]));
  return mappingsIn(mapping).flatMap((document) => lossesOf(document, types));
}

function lossesOf({ fields = {}, transform }: DocumentMapping, types: ReadonlyMap<string, string>): Loss[] {
  const made = Object.entries(fields).flatMap(([field, { template, column, to }]): Loss[] => {
    if (template !== undefined) return templateLosses(field, template, types);
    const type = column === undefined ? undefined : types.get(column);
    const conversion = type === undefined || to === undefined ? null : conversionOf(type, to);
    if (!conversion || column === undefined || (conversion.loss === null && conversion.refuses === null)) return [];
    return [{ field, column, lost: conversion.loss, refused: conversion.refuses }];
  });
  const returned = Object.keys(transform?.returns ?? {}).map((field): Loss => {
    const refused = `rows for which transform '${transform?.name ?? ''}' throws, or returns what its declaration does not say`;
    return { field, column: null, lost: null, refused };
  });
  return [...made, ...returned];
}

/** A text does not say where one column ends and the next begins, nor how a float was written. */
function templateLosses(field: string, template: string, types: ReadonlyMap<string, string>): Loss[] {
  const parts = parseTemplate(template);
  if (typeof parts === 'string') return [];
  return columnsOfTemplate(parts).flatMap((column) => {
    const type = types.get(column);
    const lost = type === undefined ? null : (conversionOf(type, 'string')?.loss ?? null);
    return lost === null ? [] : [{ field, column, lost, refused: null }];
  });
}
