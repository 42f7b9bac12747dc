import type { Position } from './position';

/** What `pg_logical_emit_message` wrote, in its place among the changes. */
export interface LogicalMessage {
  readonly prefix: string;
  readonly content: Buffer;
  /** Within a transaction its index counts with the changes; by itself it stands at its own LSN, with index 1. */
  readonly position: Position;
  /** null: it was not part of one, and is there even if its transaction was rolled back. */
  readonly transaction: { readonly xid: number; readonly committedAt: number } | null;
}
