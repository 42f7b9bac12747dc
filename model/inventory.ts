import type { TableMapping } from './pipeline';
import type { TableSchema } from './schema';

/** A table that can be captured, and how much there is to copy. */
export interface InventoryTable {
  readonly schema: TableSchema;
  /** Counted when the table is small, else the server's estimate; null when it was never analysed. */
  readonly rows: number | null;
  /** On disk, long values included, indexes not. */
  readonly bytes: number;
}

/** A table that is left out, and what would have to be done about it. */
export interface LeftOut {
  readonly table: string;
  /** A code of docs/doctor.md, or `table-of-extension`, `table-of-slipstream`. */
  readonly code: string;
  readonly what: string;
  /** null: nothing has to be done. */
  readonly cure: string | null;
}

/** What a database holds, in the order of names. */
export interface Inventory {
  readonly database: string;
  readonly tables: readonly InventoryTable[];
  readonly leftOut: readonly LeftOut[];
}

/** Something of a table that a store holds otherwise than the source does. */
export interface Remark {
  readonly table: string;
  readonly column: string;
  readonly remark: string;
}

/** Mappings under which a store can hold these tables as they are, and what is to be known about it. */
export interface Suggestion {
  readonly tables: Readonly<Record<string, TableMapping>>;
  readonly remarks: readonly Remark[];
}
