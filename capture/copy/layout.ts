import type { Client } from 'pg';
import { parseTableName } from '../../model/change';
import type { CapturedTable } from '../source/catalogue';
import { quoteTable } from '../source/quoting';
import { notPublished } from '../source/shapes';
import { published } from './width';

interface Asked {
  readonly table: CapturedTable;
}

/** ACCESS SHARE, as SELECT takes it, until the transaction ends: the table stays what it is. */
export function lockStatement({ table }: Asked): string {
  const only = table.partitioned ? '' : 'only ';
  return `lock table ${only}${quoteTable(parseTableName(table.name))} in access share mode`;
}

/**
 * Asks which columns the table has now, to be asked under its lock. A read that was asked for before a change of the table
 * would leave out a new column, whose value the stream has brought already, and write values of a new type as those of the old.
 */
export function columnsStatement(client: Client, { table }: Asked): string {
  const name = client.escapeLiteral(quoteTable(parseTableName(table.name)));
  return (
    'select json_agg(json_build_array(attname, atttypid::int8) order by attnum) as columns from pg_attribute ' +
    `where attrelid = ${table.relationId} and attrelid = to_regclass(${name}) ` +
    `and attnum > 0 and not attisdropped and not (${notPublished})`
  );
}

/** `columns`: what `columnsStatement` answered. */
export function isAsAsked({ table }: Asked, columns: unknown): boolean {
  if (typeof columns !== 'string') return false;
  const asked = published(table).map(({ name, typeId }) => [name, typeId]);
  return JSON.stringify(JSON.parse(columns)) === JSON.stringify(asked);
}
