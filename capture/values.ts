import type { Row, Value } from '../model/change';
import type { TableSchema } from '../model/schema';
import { keyPartOf } from '../model/value-types';

/** The text a statement's parameter takes: what `parserOf` made of it, back. */
export function parameterOf(value: Value): string | null {
  return value === null ? null : String(value);
}

/** One text for equal keys, different for different ones: column order is the key's own. */
export function keyText(key: Row): string {
  return JSON.stringify(Object.values(key));
}

/** From a row to its key, in key order. Made once per table; stream and copy must make the same key of the same row. */
export function createKeyOf({ key, columns }: Pick<TableSchema, 'key' | 'columns'>): (row: Row) => Row {
  const parts = key.map((name) => {
    const column = columns.find((each) => each.name === name);
    return { name, part: column ? keyPartOf(column) : (value: Value) => value };
  });
  return (row) => {
    const found: Record<string, Value> = {};
    for (const { name, part } of parts) found[name] = part(row[name] ?? null);
    return found;
  };
}
