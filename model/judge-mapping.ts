import { suggest } from './did-you-mean';
import { finding, type Finding } from './finding';
import type { TableMapping } from './pipeline';
import type { TableSchema } from './schema';

/** What is wrong with a mapping once the table's columns are known. `place`: the mapping's own, in the file. Pure. */
export function judgeMapping(place: string, table: TableSchema, mapping: TableMapping): Finding[] {
  return [
    ...unknownColumns(place, table, mapping),
    ...generatedColumns(place, table, mapping),
    ...unselectedKey(place, table, mapping),
    ...sameNames(place, table, mapping),
  ];
}

function unknownColumns(place: string, table: TableSchema, { select, rename, filter }: TableMapping): Finding[] {
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

function generatedColumns(place: string, table: TableSchema, mapping: TableMapping): Finding[] {
  const generated = table.columns.filter((column) => column.generated).map(({ name }) => name);
  return Object.entries({ select: mapping.select ?? [], filter: Object.keys(mapping.filter ?? {}) }).flatMap(
    ([key, names]) =>
      names
        .filter((name) => generated.includes(name))
        .map((name) =>
          finding('column-generated', {
            where: `${place}.${key}`,
            what: `'${name}' of ${table.name} is a generated column, which is not captured.`,
            cure: 'Leave it out.',
          }),
        ),
  );
}

function unselectedKey(place: string, table: TableSchema, { select }: TableMapping): Finding[] {
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

function sameNames(place: string, table: TableSchema, { select, rename }: TableMapping): Finding[] {
  const columns = select ?? table.columns.map(({ name }) => name);
  const renamed = new Map(Object.entries(rename ?? {}));
  const names = columns.map((column) => renamed.get(column) ?? column);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated === undefined) return [];
  return [
    finding('mapping-conflict', {
      where: `${place}.rename`,
      what: `two columns end with the same name, '${repeated}'.`,
      cure: 'Give one of them another name.',
    }),
  ];
}
