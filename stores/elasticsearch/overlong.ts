import type { Mutation } from '../../model/mutation';
import { refusal, type Refusal } from '../refused';
import type { Generation } from '../store';
import type { Ask } from './client';
import { succeeded } from './answers';

/** Elasticsearch's own limit on ids. */
const idBytes = 512;

/** A batch by what becomes of its ids. */
export interface Sorted {
  readonly fitting: readonly Mutation[];
  /** Told before anything is sent, and not sent: the server would refuse the request as a whole. */
  readonly refusals: readonly Refusal[];
  /** Deletes of documents that there cannot be. */
  readonly gone: number;
}

export function sortByLength(generation: Generation, mutations: readonly Mutation[]): Sorted {
  const overlong = mutations.filter(({ id }) => isOverlong(id));
  if (overlong.length === 0) return { fitting: mutations, refusals: [], gone: 0 };
  const refusals = overlong
    .filter(({ document }) => document !== null)
    .map((mutation) => refusal(generation, mutation, `its key makes an id of more than ${idBytes} bytes`));
  const fitting = mutations.filter(({ id }) => !isOverlong(id));
  return { fitting, refusals, gone: overlong.length - refusals.length };
}

function isOverlong(id: string): boolean {
  // A character has at most three bytes per UTF-16 unit: most ids need no counting.
  return id.length * 3 > idBytes && Buffer.byteLength(id) > idBytes;
}

/** For a batch of which nothing was sent: whether the lane is still this owner's. */
export async function hasAlias(ask: Ask, alias: string, signal: AbortSignal): Promise<boolean> {
  const answer = await ask({ method: 'GET', path: ['_alias', alias] }, signal);
  if (answer.status === 404) return false;
  succeeded(answer, `reading the alias ${alias}`);
  return true;
}
