import { suggest } from './did-you-mean';
import { finding, type Finding } from './finding';
import type { DocumentMapping, FieldRule } from './mapping-file';
import { conversionOf, targetsOfType } from './rules/conversion';
import { idProblem } from './rules/document-id';
import { columnsOfTemplate, parseTemplate } from './rules/template';
import { columnsOfPredicate, readPredicate } from './rules/where';
import type { Column, TableSchema } from './schema';

/** What is wrong with a mapping's predicate, fields and ids once the table's columns and their types are known. Pure. */
export function judgeRules(place: string, table: TableSchema, mapping: DocumentMapping): Finding[] {
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const known: Known = { table, columns };
  return [
    ...judgeWhere(`${place}.where`, mapping, known),
    ...Object.entries(mapping.fields ?? {}).flatMap(([name, field]) =>
      judgeField(`${place}.fields.${name}`, field, known),
    ),
    ...judgeId(`${place}.id`, mapping, known),
  ];
}

interface Known {
  readonly table: TableSchema;
  readonly columns: ReadonlyMap<string, Column>;
}

function judgeWhere(place: string, { where }: DocumentMapping, known: Known): Finding[] {
  if (where === undefined) return [];
  const { problems } = readPredicate(where, known.columns);
  return [
    ...unknown(place, columnsOfPredicate(where), known),
    ...problems.map((problem) =>
      finding('predicate-untellable', { where: `${place}${problem.place}`, what: problem.what, cure: problem.cure }),
    ),
  ];
}

function judgeField(place: string, { template, column, to }: FieldRule, known: Known): Finding[] {
  if (template !== undefined) {
    const parts = parseTemplate(template);
    // A template that cannot be read is a finding of the file alone.
    return typeof parts === 'string' ? [] : unknown(place, columnsOfTemplate(parts), known);
  }
  if (column === undefined || to === undefined) return [];
  const found = known.columns.get(column);
  if (!found) return unknown(place, [column], known);
  if (conversionOf(found.baseType, to)) return [];
  return [
    finding('conversion-senseless', {
      where: `${place}.to`,
      what: `'${column}' is ${found.type}, which cannot be made a ${to}.`,
      cure: `It can become ${targetsOfType(found.baseType).join(', ')}.`,
    }),
  ];
}

function judgeId(place: string, { id }: DocumentMapping, known: Known): Finding[] {
  if (id === undefined || idProblem(id) !== null) return [];
  const parts = parseTemplate(id);
  const named = typeof parts === 'string' ? [] : columnsOfTemplate(parts);
  const { table } = known;
  const missing = table.key.filter((column) => !named.includes(column));
  const others = named.filter((column) => known.columns.has(column) && !table.key.includes(column));
  return [
    ...unknown(place, named, known),
    ...missing.map((column) =>
      finding('id-incomplete', {
        where: place,
        what: `'${column}' is part of the key of ${table.name}, and not of the id.`,
        cure: `Add {${column}} to it.`,
      }),
    ),
    ...others.map((column) =>
      finding('id-incomplete', {
        where: place,
        what: `'${column}' is not part of the key of ${table.name}: a row that changes it would leave a document behind.`,
        cure: `Leave it out; the key is ${table.key.join(', ')}.`,
      }),
    ),
  ];
}

function unknown(where: string, names: readonly string[], { table, columns }: Known): Finding[] {
  const all = [...columns.keys()];
  return [...new Set(names)]
    .filter((name) => !columns.has(name))
    .map((name) =>
      finding('column-unknown', {
        where,
        what: `${table.name} has no column '${name}'.`,
        cure: suggest(name, all, `It has ${all.join(', ')}.`),
      }),
    );
}
