import type { Row } from './change';

/**
 * A versioned upsert or delete of one document (row, index document, cache entry). A document belongs to exactly one
 * (table, key), so its versions, the offsets of that key's partition, are totally ordered.
 */
export interface Mutation {
  /** Document id, unique in the generation: an injective function of (target, key). */
  readonly id: string;
  /** The target's name in the store (`into` of the mapping): a table for PostgreSQL. */
  readonly target: string;
  /** The key's columns under their target names. */
  readonly key: Row;
  /** The whole document under its target names, or null: delete it. */
  readonly document: Row | null;
  /** Offset of the record in its own partition, decimal digits. */
  readonly version: string;
}

/** Last write per document wins, in the order given; the order of first appearance is kept. */
export function coalesce(mutations: readonly Mutation[]): readonly Mutation[] {
  const last = new Map<string, Mutation>();
  for (const mutation of mutations) last.set(mutation.id, mutation);
  return last.size === mutations.length ? mutations : [...last.values()];
}
