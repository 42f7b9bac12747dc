import type { Lane, StoreContext } from '../store';

/**
 * All keys of a store begin with its name in braces: to a cluster, and to proxies that spread keys, they are one slot, so
 * that one script may touch them all. The braces also keep apart two stores of which one's name begins with the other's.
 *
 *     {shop}:current                      number of the generation that readers use
 *     {shop}:generations                  hash: number → what the generation is
 *     {shop}:dropping                     hash: the same of those whose documents are being removed
 *     {shop}:lane:3:0                     hash: a lane's record
 *     {shop}:ids:3                        sorted set: the ids of all documents of a generation
 *     {shop}:3:customers/17               a document; nothing else has a number there
 */
export interface Names {
  readonly current: string;
  readonly generations: string;
  readonly dropping: string;
  /** What a document's id is put behind. */
  readonly documents: (generation: number) => string;
  readonly lane: (generation: number, lane: Lane) => string;
  /** What stands before and behind the number of a generation in the key of its lane. */
  readonly aroundLane: (lane: Lane) => readonly [string, string];
  readonly ids: (generation: number) => string;
}

export function namesOf(key: string): Names {
  const base = `{${key}}:`;
  return {
    current: `${base}current`,
    generations: `${base}generations`,
    dropping: `${base}dropping`,
    documents: (generation) => `${base}${generation}:`,
    lane: (generation, { index }) => `${base}lane:${generation}:${index}`,
    aroundLane: ({ index }) => [`${base}lane:`, `:${index}`],
    ids: (generation) => `${base}ids:${generation}`,
  };
}

/** The key prefix of a store that names none: nobody else has it while every pipeline has a name of its own. */
export function keyPrefix({
  pipeline,
  store,
  definition,
}: Pick<StoreContext, 'pipeline' | 'store' | 'definition'>): string {
  return (definition.type === 'redis' ? definition.key : undefined) ?? `${pipeline}:${store}`;
}

/** Bounds, for ZRANGEBYLEX, of the ids that begin like this: below the first text that begins otherwise. */
export function idBounds(beginning: string, after: string | null): { readonly min: string; readonly max: string } {
  const min = after === null ? `[${beginning}` : `(${after}`;
  // Beginnings end with an ASCII character (`idsBeginWith`); ids of the only target may begin with anything.
  if (beginning === '') return { min: after === null ? '-' : min, max: '+' };
  const last = beginning.charCodeAt(beginning.length - 1);
  return { min, max: `(${beginning.slice(0, -1)}${String.fromCharCode(last + 1)}` };
}
