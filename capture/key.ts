import type { TableSchema } from '../model/schema';

/** A unique index of a table, as the catalogue has it. */
export interface UniqueIndex {
  /** In index order. */
  readonly columns: readonly string[];
  readonly primary: boolean;
  readonly identity: boolean;
  /** Valid, immediate, without a condition, over plain columns that are NOT NULL: it tells any two rows apart. */
  readonly usable: boolean;
}

export interface KeyChoice {
  readonly columns: readonly string[];
  /** The same key would be chosen once the table's replica identity is FULL. */
  readonly survivesFull: boolean;
}

/**
 * The key of a table: its primary key, else its replica identity index. Under REPLICA IDENTITY FULL PostgreSQL forgets
 * which index that was; then the key is the only usable unique index, and of several none, since a guess that another
 * index changes would move every row to another key. A table that stays `asItIs` logs the identity's columns alone with a
 * delete, so there they are the key, also beside a primary one.
 */
export function chooseKey(
  indexes: readonly UniqueIndex[],
  replicaIdentity: TableSchema['replicaIdentity'],
  asItIs = false,
): KeyChoice | null {
  const kept = asItIs && replicaIdentity === 'i' ? indexes.find((index) => index.identity) : undefined;
  if (kept) return { columns: kept.columns, survivesFull: true };
  const primary = indexes.find((index) => index.primary);
  if (primary) return { columns: primary.columns, survivesFull: true };
  const usable = indexes.filter((index) => index.usable);
  const only = usable.length === 1 ? usable[0] : undefined;
  const identity = replicaIdentity === 'i' ? indexes.find((index) => index.identity) : undefined;
  if (identity) return { columns: identity.columns, survivesFull: only === identity };
  return replicaIdentity === 'f' && only ? { columns: only.columns, survivesFull: true } : null;
}
