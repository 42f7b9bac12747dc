import type { Held } from './held';

/** A chunk that is being read, and what the stream brought since the read was issued. */
export interface Reading {
  readonly table: string;
  readonly touched: Set<string>;
  truncated: boolean;
}

/** Keys written while one statement runs; beyond this many the chunk is read again rather than remembered (Invariant 10). */
export const maxTouched = 200_000;

/** What the stream has a later word on. */
interface UnderWay {
  readonly reading: Reading | null;
  readonly held: readonly Held[];
}

/** Keys of this table matter now. */
export function isWatched({ reading, held }: UnderWay, table: string): boolean {
  return reading?.table === table || held.some(({ request }) => request.table.name === table);
}

/** A key, as `keyText` has it, was written. */
export function touch({ reading, held }: UnderWay, table: string, key: string): void {
  if (reading?.table === table && reading.touched.size < maxTouched) reading.touched.add(key);
  for (const { request, rows, missing } of held) {
    if (request.table.name !== table) continue;
    rows.drop(key);
    missing.drop(key);
  }
}

/** A table was emptied: what the read saw was removed, or was written after that and comes with the stream, which is behind it. */
export function empty({ reading, held }: UnderWay, table: string): void {
  if (reading?.table === table) reading.truncated = true;
  for (const { request, rows, missing } of held) {
    if (request.table.name !== table) continue;
    rows.clear();
    missing.clear();
  }
}
