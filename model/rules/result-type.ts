import type { Column } from '../schema';

/** What a field can be that a mapping makes: each is one column type of a replica and one kind of field in an index. */
export const resultTypes = ['string', 'number', 'boolean', 'date', 'timestamp', 'iso8601', 'list', 'json'] as const;
export type ResultType = (typeof resultTypes)[number];

type Typed = Pick<Column, 'type' | 'baseType'>;

/**
 * `list` and `iso8601` are no types of PostgreSQL: a replica holds them as JSON and as text. A replica's `json` keeps the
 * text as it was written, which `jsonb` would not.
 */
const columns: Readonly<Record<ResultType, Typed>> = {
  string: { type: 'text', baseType: 'text' },
  number: { type: 'double precision', baseType: 'float8' },
  boolean: { type: 'boolean', baseType: 'bool' },
  date: { type: 'date', baseType: 'date' },
  timestamp: { type: 'timestamp with time zone', baseType: 'timestamptz' },
  iso8601: { type: 'text', baseType: 'iso8601' },
  list: { type: 'json', baseType: 'list' },
  json: { type: 'json', baseType: 'nested' },
};

/** A field as stores know columns: no oid, since no table of the source has it. */
export function resultColumn(name: string, result: ResultType): Column {
  return { name, typeId: 0, ...columns[result], notNull: false, generated: false };
}

const integer: Typed = { type: 'integer', baseType: 'int4' };

export function constantColumn(name: string, value: string | number | boolean): Column {
  if (typeof value === 'string') return resultColumn(name, 'string');
  if (typeof value === 'boolean') return resultColumn(name, 'boolean');
  const small = Number.isInteger(value) && Math.abs(value) < 2 ** 31;
  return small ? { ...resultColumn(name, 'number'), ...integer } : resultColumn(name, 'number');
}
