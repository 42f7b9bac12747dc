import type { Row, Value } from '../model/change';
import { Blocked } from '../model/errors';
import type { TableSchema } from '../model/schema';
import { parserOf, type ParseValue } from '../model/value-types';
import type { OldTuple, Relation, Tuple } from './pgoutput';
import { schemaId } from './relations';
import { createKeyOf } from './values';

/** A captured table as the stream describes it: how its tuples become rows. */
export interface Captured {
  readonly name: string;
  readonly schemaId: string;
  readonly columns: readonly { readonly name: string; readonly identity: boolean; readonly parse: ParseValue }[];
  readonly keyOf: (row: Row) => Row;
}

export function layoutOf(relation: Relation, schema: TableSchema): Captured {
  const columns = new Map(schema.columns.map((column) => [column.name, column]));
  return {
    name: schema.name,
    schemaId: schemaId(schema),
    columns: relation.columns.map(({ name, identity }) => {
      const column = columns.get(name);
      return { name, identity, parse: column ? parserOf(column) : (text) => text };
    }),
    keyOf: createKeyOf(schema),
  };
}

function columnName(table: Captured, at: number): string {
  return table.columns[at]?.name ?? '';
}

/** Puts unchanged TOAST values in from the old tuple. A row that stays incomplete is never passed on. */
export function completed(table: Captured, tuple: Tuple, old: OldTuple | null): Tuple {
  if (!tuple.includes(undefined)) return tuple;
  return tuple.map((value, at) => {
    if (value !== undefined) return value;
    const known = old !== null && (old.kind === 'row' || table.columns[at]?.identity === true);
    const before = known ? old.values[at] : undefined;
    if (before !== undefined) return before;
    throw new Blocked(
      'undecodable',
      `An update of ${table.name} left column ${columnName(table, at)} out: a long value that did not change is sent ` +
        `only under REPLICA IDENTITY FULL. Run: alter table ${table.name} replica identity full; this change was ` +
        'written before that, so begin a new log with a new pipeline.',
    );
  });
}

export function rowOf(table: Captured, tuple: Tuple): Row {
  const row: Record<string, Value> = {};
  for (let at = 0; at < table.columns.length; at += 1) {
    const column = table.columns[at];
    const text = tuple[at];
    if (column) row[column.name] = text === null || text === undefined ? null : column.parse(text);
  }
  return row;
}
