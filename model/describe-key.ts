import type { Row, Value } from './change';

/**
 * A key as a message may name it. Messages end in history and logs, where no row's content belongs: a surrogate key (a
 * number, a uuid) is shown, since nobody finds the row without it; a text may be a name or an address, and only its
 * length is told.
 */
export function describeKey(key: Row): string {
  return Object.entries(key)
    .map(([column, value]) => `${column} = ${describeValue(value)}`)
    .join(', ');
}

const surrogate = /^(-?\d{1,20}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

function describeValue(value: Value): string {
  if (typeof value !== 'string' || surrogate.test(value)) return String(value);
  return `(a text of ${value.length} characters)`;
}
