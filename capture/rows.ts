import type { Change, Row, Value } from '../model/change';
import { Blocked } from '../model/errors';
import type { TableSchema } from '../model/schema';
import { parserOf, type ParseValue } from '../model/value-types';
import type { OldTuple, Relation, Tuple } from './pgoutput';
import { schemaId } from './relations';
import { createKeyOf } from './values';

/** A captured table in the layout that its rows come in. */
export interface Captured {
  readonly name: string;
  readonly schemaId: string;
  readonly columns: readonly { readonly name: string; readonly identity: boolean; readonly parse: ParseValue }[];
  readonly key: readonly string[];
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
    key: schema.key,
    keyOf: createKeyOf(schema),
  };
}

/** What was not sent is NULL. */
export function rowOf(table: Captured, tuple: Tuple): Row {
  const row: Record<string, Value> = {};
  for (let at = 0; at < table.columns.length; at += 1) {
    const column = table.columns[at];
    const text = tuple[at];
    if (column) row[column.name] = text === null || text === undefined ? null : column.parse(text);
  }
  return row;
}

/**
 * The row after an update, with its unchanged TOAST values from the old tuple. Those that are not there either are left
 * out and listed, where that is allowed (`source.replicaIdentity`: "read-back"); elsewhere a row that stays incomplete is
 * never passed on. The key is never left out: it is what the rest would be read by.
 */
export function completed(
  table: Captured,
  { tuple, old, readBack }: { readonly tuple: Tuple; readonly old: OldTuple | null; readonly readBack: boolean },
): { readonly row: Row } & Pick<Change, 'absent'> {
  if (!tuple.includes(undefined)) return { row: rowOf(table, tuple) };
  const whole = tuple.map((value, at) => {
    if (value !== undefined || old === null) return value;
    return old.kind === 'row' || table.columns[at]?.identity === true ? old.values[at] : undefined;
  });
  const absent = table.columns.filter((_, at) => whole[at] === undefined).map(({ name }) => name);
  if (absent.length === 0) return { row: rowOf(table, whole) };
  const [first = ''] = absent;
  if (!readBack || absent.some((name) => table.key.includes(name))) throw incomplete(table.name, first);
  const row = Object.fromEntries(Object.entries(rowOf(table, whole)).filter(([name]) => !absent.includes(name)));
  return { row, absent };
}

function incomplete(table: string, column: string): Blocked {
  return new Blocked(
    'undecodable',
    `An update of ${table} left column ${column} out: a long value that did not change is sent only under REPLICA ` +
      `IDENTITY FULL. Run: alter table ${table} replica identity full; this change was written before that, so begin a new ` +
      'log with a new pipeline.',
  );
}
