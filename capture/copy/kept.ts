/** Rows of which some may be left out again, by their keys. */
export interface Kept<Each> {
  drop(key: string): void;
  clear(): void;
  /** In their order. */
  readonly rows: readonly Each[];
}

/** Texts of keys are made once one of them is asked for: beside a source at rest none ever is. */
export function keepRows<Each>(rows: readonly Each[], keyTextOf: (row: Each) => string): Kept<Each> {
  let left = rows;
  let byKey: Map<string, Each> | null = null;
  return {
    drop(key) {
      byKey ??= new Map(left.map((row): [string, Each] => [keyTextOf(row), row]));
      byKey.delete(key);
    },
    clear() {
      left = [];
      byKey = null;
    },
    get rows() {
      return byKey === null ? left : [...byKey.values()];
    },
  };
}
