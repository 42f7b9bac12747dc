import { suggest } from './did-you-mean';
import { finding, type Finding } from './finding';
import { judgeRules } from './judge-rules';
import { usedColumns } from './mapping';
import type { DocumentMapping, TableMapping } from './mapping-file';
import type { TableSchema } from './schema';

/** What is wrong with a mapping once the table's columns are known. `place`: the mapping's own, in the file. Pure. */
export function judgeMapping(place: string, table: TableSchema, mapping: TableMapping): Finding[] {
  const { documents } = mapping;
  if (documents === undefined) return judgeDocument(place, table, mapping);
  return documents.flatMap((document, at) => judgeDocument(`${place}.documents.${at}`, table, document));
}

function judgeDocument(place: string, table: TableSchema, mapping: DocumentMapping): Finding[] {
  return [
    ...unknownColumns(place, table, mapping),
    ...generatedColumns(place, table, mapping),
    ...unselectedKey(place, table, mapping),
    ...sameNames(place, table, mapping),
    ...judgeRules(place, table, mapping),
  ];
}

/** Those of `where` and `fields` are found at their own places, by `judgeRules`. */
function unknownColumns(place: string, table: TableSchema, { select, rename, filter }: DocumentMapping): Finding[] {
  const columns = table.columns.map(({ name }) => name);
  const named = { select: select ?? [], rename: Object.keys(rename ?? {}), filter: Object.keys(filter ?? {}) };
  return Object.entries(named).flatMap(([key, names]) =>
    names
      .filter((name) => !columns.includes(name))
      .map((name) =>
        finding('column-unknown', {
          where: `${place}.${key}`,
          what: `${table.name} has no column '${name}'.`,
          cure: suggest(name, columns, `It has ${columns.join(', ')}.`),
        }),
      ),
  );
}

function generatedColumns(place: string, table: TableSchema, mapping: DocumentMapping): Finding[] {
  const generated = table.columns.filter((column) => column.generated).map(({ name }) => name);
  const filtered = Object.keys(mapping.filter ?? {});
  const elsewhere = usedColumns(mapping).filter((name) => !filtered.includes(name));
  const places: [string, readonly string[]][] = [
    [`${place}.select`, mapping.select ?? []],
    [`${place}.filter`, filtered],
    [place, elsewhere],
  ];
  return places.flatMap(([where, names]) =>
    names
      .filter((name) => generated.includes(name))
      .map((name) =>
        finding('column-generated', {
          where,
          what: `'${name}' of ${table.name} is a generated column, which is not captured.`,
          cure: 'Leave it out.',
        }),
      ),
  );
}

function unselectedKey(place: string, table: TableSchema, { select }: DocumentMapping): Finding[] {
  return table.key
    .filter((column) => select && !select.includes(column))
    .map((column) =>
      finding('key-not-selected', {
        where: `${place}.select`,
        what: `'${column}' is part of the key of ${table.name} and must be selected.`,
        cure: `Add "${column}" to it.`,
      }),
    );
}

function sameNames(
  place: string,
  table: TableSchema,
  { select, rename, fields, transform }: DocumentMapping,
): Finding[] {
  const columns = select ?? table.columns.map(({ name }) => name);
  const renamed = new Map(Object.entries(rename ?? {}));
  const taken = columns.map((column) => renamed.get(column) ?? column);
  const names = [...taken, ...Object.keys(transform?.returns ?? {}), ...Object.keys(fields ?? {})];
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated === undefined) return [];
  const ofColumns = taken.indexOf(repeated) !== taken.lastIndexOf(repeated);
  return [
    finding('mapping-conflict', {
      where: ofColumns ? `${place}.rename` : `${place}.fields`,
      what: ofColumns
        ? `two columns end with the same name, '${repeated}'.`
        : `'${repeated}' would be the name of two fields.`,
      cure: ofColumns
        ? 'Give one of them another name.'
        : 'Give the field another name, or rename the column, or leave it out of "select".',
    }),
  ];
}
