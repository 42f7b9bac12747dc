import { targetColumns } from '../../model/mapping';
import type { Remark, Suggestion } from '../../model/inventory';
import type { Column, TableSchema } from '../../model/schema';
import { free, mappingOf } from '../suggestion';
import { isFieldName } from './field-names';
import { fieldOf } from './fields';

interface Place {
  readonly table: TableSchema;
  readonly column: Column;
  /** The field's mapping, as a text that can be compared. */
  readonly field: string;
}

/**
 * All tables of a store share one index, so a field has one type in all of them. Of columns with one name and several
 * types, those of the commonest type keep it; each of the others gets its target's name before its own.
 */
export function suggestFields(catalogue: readonly TableSchema[], targets: ReadonlyMap<string, string>): Suggestion {
  const places = catalogue.flatMap((table) =>
    targetColumns(table, {}).map(({ column }): Place => ({ table, column, field: JSON.stringify(fieldOf(column)) })),
  );
  const taken = new Set(places.map(({ column }) => column.name));
  const renames = new Map<TableSchema, Record<string, string>>();
  const remarks: Remark[] = [];
  for (const { table, column, field } of places) {
    const { name } = column;
    const winner = commonest(places.filter((place) => place.column.name === name).map((place) => place.field));
    const allowed = isFieldName(name);
    if (allowed && field === winner) continue;
    const wanted = allowed ? `${targets.get(table.name) ?? ''}_${name}` : name;
    const rename = free(wanted.replaceAll('.', '_').replace(/^[_\s]+/, '') || 'column', (other) => taken.has(other));
    taken.add(rename);
    renames.set(table, { ...renames.get(table), [name]: rename });
    const why = allowed ? 'has another type in another table' : 'is a name that no field can have';
    remarks.push({ table: table.name, column: name, remark: `called ${rename} in the index, since ${name} ${why}` });
  }
  return {
    tables: Object.fromEntries(
      catalogue.map((table) => [table.name, mappingOf(table.name, targets.get(table.name), renames.get(table))]),
    ),
    remarks: [...remarks, ...catalogue.flatMap(remarksOn)],
  };
}

/** The first of the most frequent: the order of the tables decides between equals. */
function commonest(fields: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const field of fields) counts.set(field, (counts.get(field) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return [...counts].find(([, times]) => times === most)?.[0];
}

function remarksOn({ name: table, columns, key }: TableSchema): Remark[] {
  return columns.flatMap(({ name: column, baseType, type, generated }) => {
    if (generated)
      return [{ table, column, remark: 'generated, which PostgreSQL before 18 does not publish: it is not carried' }];
    if (baseType === 'bytea') return [{ table, column, remark: 'held, and cannot be searched' }];
    if (key.includes(column) && unbounded.has(baseType) && !/\(\d+\)/.test(type)) {
      return [{ table, column, remark: 'part of the id: a row whose id has more than 512 bytes blocks the store' }];
    }
    return [];
  });
}

/** Types without a length of their own. */
const unbounded: ReadonlySet<string> = new Set(['text', 'varchar', 'bpchar', 'citext', 'bytea', 'numeric', 'array']);
