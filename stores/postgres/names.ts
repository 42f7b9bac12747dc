import { createHash } from 'node:crypto';
import type { Generation, Lane } from '../store';

/** In each generation's schema: its identity and one row per lane. Dropping the schema drops the record with the data. */
export const recordTable = '_slipstream';
/** In the readers' schema: which generation its views show. */
export const liveTable = '_slipstream_live';

/** The schema of one generation, beside the readers' schema. */
export function generationSchema(schema: string, number: number): string {
  return `${schema}_g${number}`;
}

/** Matches the schemas of all generations. Schema names are a-z, 0-9 and _ (model/pipeline), so none needs escaping. */
export function generationPattern(schema: string): string {
  return `^${schema}_g[0-9]+$`;
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function qualified(schema: string, name: string): string {
  return `${quote(schema)}.${quote(name)}`;
}

/** PostgreSQL keeps 63 bytes of an `application_name`. */
const applicationNameBytes = 63;

/**
 * What tells a lane's connections from all others, so that a new owner can end the transaction of one that was stopped.
 * Two lanes must never share it: what is too long is told apart by a hash.
 */
export function laneApplicationName({ pipeline, store, number }: Generation, { index }: Lane): string {
  const whole = `slipstream ${pipeline}/${store} g${number} lane${index}`;
  if (whole.length <= applicationNameBytes) return whole;
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, 16);
  return `slipstream ${hash} g${number} lane${index} ${pipeline}/${store}`.slice(0, applicationNameBytes);
}
