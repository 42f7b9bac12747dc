import type { Position } from './position';
import type { RowText } from './row-text';

/**
 * A column's value as it travels: booleans, int2/int4/oid and finite floats as JSON scalars, everything else in
 * PostgreSQL's own text form (int8 and numeric too: JSON numbers would lose their digits). NULL is null. Which it is
 * follows from the type alone: model/value-types.ts.
 */
export type Value = string | number | boolean | null;

/** Column name → value. Always a complete row: unchanged TOAST columns included. */
export type Row = Readonly<Record<string, Value>>;

/** `create`, `update` and `delete` come from the WAL; `read` is a row found by the copy. */
export type Operation = 'create' | 'update' | 'delete' | 'read';

/** One committed row change. Where it comes from: one table of the source, at one position of its commit order. */
export interface Change {
  /** Canonical table name, as `formatTableName` writes it. */
  readonly table: string;
  readonly operation: Operation;
  /** The key's columns and values, in key order. An update never changes it: a key change is a delete and a create. */
  readonly key: Row;
  /** The row before: for update and delete. */
  readonly before: Row | null;
  /** The row after: for create, update and read. */
  readonly after: Row | null;
  /** Columns that `after` lacks since no record could carry them: they are read at the source, by key. */
  readonly absent?: readonly string[];
  readonly position: Position;
  /** The version of the table that the rows are of (`SchemaVersion`); null in logs begun before versions were kept. */
  readonly schemaId: string | null;
  readonly transaction: {
    /** Top-level transaction id, as the 32 bits the stream carries; null for a row found by the copy. */
    readonly xid: number | null;
    /** Commit time (copy: time of the read), milliseconds since the Unix epoch. */
    readonly committedAt: number;
  };
}

/** What a change leaves behind: all that a mapping has to know of it; the transaction too, where columns are absent. */
export type Outcome = Pick<Change, 'table' | 'key' | 'after' | 'schemaId' | 'absent'> &
  Partial<Pick<Change, 'transaction'>> & {
    /** `after` as it travelled, where it was asked for so: whoever writes it on need not have it made. */
    readonly afterRow?: RowText;
  };

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

const plain = /^[A-Za-z_][A-Za-z0-9_$]*$/;

/** `schema.table`; a part that is not a plain identifier is written in double quotes, as in SQL. Case is kept. */
export function formatTableName({ schema, table }: TableName): string {
  return `${quoteUnlessPlain(schema)}.${quoteUnlessPlain(table)}`;
}

/** The inverse of `formatTableName`. Throws a RangeError that says what is expected. */
export function parseTableName(text: string): TableName {
  const part = /(?:"((?:[^"]|"")+)"|([A-Za-z_][A-Za-z0-9_$]*))/y;
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    part.lastIndex = at;
    const match = part.exec(text);
    if (!match) break;
    parts.push(match[1] !== undefined ? match[1].replaceAll('""', '"') : (match[2] ?? ''));
    at = part.lastIndex;
    if (at === text.length) break;
    if (text[at] !== '.') break;
    at += 1;
  }
  const [schema, table] = parts;
  if (at !== text.length || parts.length !== 2 || schema === undefined || table === undefined) {
    throw new RangeError(`'${text}' is not a table name: write schema.table, such as public.orders.`);
  }
  return { schema, table };
}

function quoteUnlessPlain(name: string): string {
  return plain.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
