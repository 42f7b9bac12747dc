import type { Outcome, Row, Value } from './change';
import type { RowText } from './row-text';

/** What a document may hold: values as they travel, and, where a mapping says so, JSON within JSON. */
export type Json = Value | readonly Json[] | { readonly [name: string]: Json };

/** A whole document under its target names. */
export type DocumentBody = Readonly<Record<string, Json>>;

/**
 * A versioned upsert or delete of one document (row, index document, cache entry). A document belongs to exactly one
 * (table, key), so its versions, the offsets of that key's partition, are totally ordered.
 */
export interface Mutation {
  /** Document id, unique in the generation: an injective function of target and key. */
  readonly id: string;
  /** The target's name in the store (`into` of the mapping): a table for PostgreSQL. */
  readonly target: string;
  /** The key's columns under their target names. */
  readonly key: Row;
  /** The whole document, or null: delete it. Only stores of JSON documents are given lists and objects. */
  readonly document: DocumentBody | null;
  /**
   * The document as JSON on one line, where it is a row just as it travelled (`Outcome.afterRow`). Who can write it on looks
   * here first: of such a mutation `document` has to be made.
   */
  readonly row?: RowText | undefined;
  /** Offset of the record in its own partition, decimal digits. */
  readonly version: string;
}

/** An upsert of a row just as it travelled. */
export class RowMutation implements Mutation {
  constructor(
    readonly id: string,
    readonly target: string,
    readonly version: string,
    private readonly change: Outcome,
  ) {}

  get key(): Row {
    return this.change.key;
  }

  get document(): DocumentBody | null {
    return this.change.after;
  }

  get row(): RowText | undefined {
    return this.change.afterRow;
  }
}

/** Without making the document of one that has its row. */
export function isDelete(mutation: Mutation): boolean {
  return mutation.row === undefined && mutation.document === null;
}

/** Last write per document wins, in the order given; the order of first appearance is kept. */
export function coalesce(mutations: readonly Mutation[]): readonly Mutation[] {
  const last = new Map<string, Mutation>();
  for (const mutation of mutations) last.set(mutation.id, mutation);
  return last.size === mutations.length ? mutations : [...last.values()];
}
