/** One column of a source table, as the catalogue describes it. */
export interface Column {
  readonly name: string;
  /** The type's oid. */
  readonly typeId: number;
  /** `format_type(atttypid, atttypmod)`, such as `numeric(10,2)`. */
  readonly type: string;
  /**
   * What `ruleOf` (model/value-types.ts) knows it by: of a domain the type it stands on; PostgreSQL's own types by their
   * names, those of well-known extensions too; `array`, `enum`, `composite`, `range`, `multirange`; else `other`. Never the
   * name alone: anybody may call a type of his own `bool`.
   */
  readonly baseType: string;
  /** For a domain: the type it stands on, as `type` is written. */
  readonly domainOf?: string;
  readonly notNull: boolean;
  /** Computed, and not published: before PostgreSQL 18. From there on stored ones travel, and are columns like others. */
  readonly generated: boolean;
}

/**
 * A table as it was when rows of it were captured. Every record names one by `id`, and the log keeps them all: what a
 * record's columns were, and of which types, can still be told when the table has long changed.
 */
export interface SchemaVersion extends Pick<TableSchema, 'name' | 'relationId' | 'columns' | 'key'> {
  /** Follows from relation, published columns with their types, and key: the same table always has the same one. */
  readonly id: string;
}

/** A table of the source, as capture and the stores need to know it. */
export interface TableSchema {
  /** Canonical name, `formatTableName`. */
  readonly name: string;
  readonly relationId: number;
  readonly columns: readonly Column[];
  /** Columns of the primary key (or replica identity index), in key order. Never empty. */
  readonly key: readonly string[];
  /** `pg_class.relreplident`: d, n, f or i. */
  readonly replicaIdentity: 'd' | 'n' | 'f' | 'i';
  /** Estimated rows (`reltuples`), for progress only; -1 when never analysed. */
  readonly estimatedRows: number;
}
