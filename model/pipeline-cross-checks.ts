import { suggest } from './did-you-mean';
import { finding, type Finding } from './finding';
import { isReservedStoreName } from './names';
import { parseTableName } from './change';
import type { StoreDefinition, TableMapping } from './pipeline-file';

interface File {
  readonly source: { readonly tables: readonly string[] };
  readonly stores: Readonly<Record<string, StoreDefinition>>;
}

/** What no single place of the file can show: names that meet, and names that lead nowhere. */
export function crossCheck({ source, stores }: File): Finding[] {
  return [
    ...twice(source.tables),
    ...samePlace(stores),
    ...Object.entries(stores).flatMap(([name, definition]) => checkStore(name, definition, source.tables)),
  ];
}

function twice(tables: readonly string[]): Finding[] {
  const repeated = tables.filter((table, index) => tables.indexOf(table) !== index);
  return [...new Set(repeated)].map((table) =>
    finding('named-twice', {
      where: 'source.tables',
      what: `a table is named twice: ${table}.`,
      cure: 'Remove one of the two.',
    }),
  );
}

/** Two stores of one type, variable and schema (or index) are one place, and each would drop the other's generations. */
function samePlace(stores: File['stores']): Finding[] {
  const places = new Map<string, string>();
  return Object.entries(stores).flatMap(([name, definition]) => {
    const [key, value] = definition.type === 'postgres' ? ['schema', definition.schema] : ['index', definition.index];
    const place = JSON.stringify([definition.type, definition.url.env, value]);
    const other = places.get(place);
    places.set(place, other ?? name);
    if (other === undefined) return [];
    const what = `'${value}' at ${definition.url.env} is already the place of store ${other}.`;
    return [finding('named-twice', { where: `stores.${name}.${key}`, what, cure: `Give it a ${key} of its own.` })];
  });
}

function checkStore(store: string, definition: StoreDefinition, captured: readonly string[]): Finding[] {
  const found: Finding[] = [];
  if (isReservedStoreName(store)) {
    found.push(
      finding('reserved-name', {
        where: `stores.${store}`,
        what: 'this name is reserved.',
        cure: 'Choose another.',
      }),
    );
  }
  const targets = new Map<string, string>();
  for (const [table, mapping] of Object.entries(definition.tables)) {
    const where = `stores.${store}.tables.${table}`;
    if (!captured.includes(table)) {
      const cure = suggest(table, captured, 'Add it there or remove it here.');
      found.push(finding('table-not-captured', { where, what: 'not among source.tables.', cure }));
    }
    const target = mapping.into ?? parseTableName(table).table;
    found.push(...checkTarget(where, target, targets.get(target)), ...checkRename(where, mapping));
    targets.set(target, table);
  }
  return found;
}

function checkTarget(place: string, target: string, other: string | undefined): Finding[] {
  const where = `${place}.into`;
  if (target.startsWith('_slipstream')) {
    const what = 'names beginning with _slipstream are reserved.';
    return [finding('reserved-name', { where, what, cure: 'Choose another.' })];
  }
  if (other === undefined) return [];
  const what = `'${target}' is already the target of ${other}.`;
  return [finding('named-twice', { where, what, cure: 'Give each table a target of its own.' })];
}

function checkRename(place: string, { select, rename = {} }: TableMapping): Finding[] {
  const unselected = Object.keys(rename).filter((column) => select && !select.includes(column));
  const names = Object.values(rename);
  return [
    ...unselected.map((column) =>
      finding('rename-not-selected', {
        where: `${place}.rename.${column}`,
        what: 'the column is not selected.',
        cure: suggest(column, select ?? [], 'Select it, or do not rename it.'),
      }),
    ),
    ...(new Set(names).size === names.length
      ? []
      : [
          finding('mapping-conflict', {
            where: `${place}.rename`,
            what: 'two columns get the same name.',
            cure: 'Give each a name of its own.',
          }),
        ]),
  ];
}
