import { parseTableName } from '../../model/change';

/**
 * Whether a table's name is meant by a pattern: `*` stands for any text, everything else for itself, and names may be
 * written with or without SQL's quotes.
 */
export function matches(pattern: string, table: string): boolean {
  const whole = new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 's');
  const { schema, table: name } = parseTableName(table);
  return whole.test(table) || whole.test(`${schema}.${name}`);
}

/** A pattern that can mean one table only. */
export function isExact(pattern: string): boolean {
  return !pattern.includes('*');
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
