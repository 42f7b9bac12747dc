import { createHash } from 'node:crypto';
import { ownerToken } from '../ownership';
import type { Lane, Owner } from '../store';

/** Field of a lane's record: `enabled: false`, so that topics and partitions do not become fields. */
export const recordField = '_slipstream';

/** Field that repeats a document's id for sorting and ranges, which Elasticsearch refuses on `_id`. */
export const idField = '_slipstream_id';

/** The index of one generation. Writers never use it by this name, only through a lane's write alias. */
export function generationIndex(index: string, number: number): string {
  return `${index}-g${number}`;
}

/** The generation whose index has this name, or null when it is not one of `index`'s. */
export function generationNumber(index: string, name: string): number | null {
  const digits = name.startsWith(`${index}-g`) ? name.slice(index.length + 2) : '';
  return /^[1-9]\d{0,8}$/.test(digits) ? Number(digits) : null;
}

/** Id of a lane's record. Targets never begin with `_slipstream`, so no document has it. */
export function recordId(lane: Lane): string {
  return `_slipstream/lane-${lane.index}`;
}

/**
 * The one name under which `owner` may write. It is different for every attempt, so that taking it away refuses exactly
 * the attempts before. null: the lane as it is created, which nobody owns. At most 160 bytes for the longest index name.
 */
export function writeAlias(index: string, lane: Lane, owner: Owner | null): string {
  const suffix = owner === null ? 'nobody' : `${owner.scheduledMs}-${digest(ownerToken(owner))}`;
  return `${writeAliasPrefix(index, lane)}${suffix}`;
}

export function writeAliasPrefix(index: string, lane: Lane): string {
  return `${index}-lane${lane.index}-`;
}

/** Ids that begin like this, in the order of their bytes: below the first text that begins otherwise. */
export function idRange(beginning: string): { readonly gte: string; readonly lt?: string } {
  // Beginnings end with an ASCII character (`idsBeginWith`); ids of the only target may begin with anything.
  if (beginning === '') return { gte: '' };
  const last = beginning.charCodeAt(beginning.length - 1);
  return { gte: beginning, lt: `${beginning.slice(0, -1)}${String.fromCharCode(last + 1)}` };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
