/** Where a store and its source disagree about one row. Both directions: what is missing, and what should not be there. */
export interface Difference {
  readonly target: string;
  readonly key: string;
  readonly kind: 'missing in the store' | 'only in the store' | 'different';
  /** For `different`: column, as the source has it, as the store has it. Cut short. */
  readonly columns: readonly { readonly name: string; readonly source: string; readonly store: string }[];
}

/** Key → column → text; null is NULL. */
export type Rows = ReadonlyMap<string, Readonly<Record<string, string | null>>>;

/** Every row of both sides is looked at; nothing is sampled. */
export function compareRows(target: string, source: Rows, store: Rows): Difference[] {
  const differences: Difference[] = [];
  for (const [key, expected] of source) {
    const found = store.get(key);
    if (!found) {
      differences.push({ target, key, kind: 'missing in the store', columns: [] });
      continue;
    }
    const names = new Set([...Object.keys(expected), ...Object.keys(found)]);
    const columns = [...names]
      .filter((name) => expected[name] !== found[name])
      .map((name) => ({ name, source: short(expected[name]), store: short(found[name]) }));
    if (columns.length > 0) differences.push({ target, key, kind: 'different', columns });
  }
  for (const key of store.keys()) {
    if (!source.has(key)) differences.push({ target, key, kind: 'only in the store', columns: [] });
  }
  return differences;
}

/** For a failing test: how many, and the first few. */
export function describeDifferences(differences: readonly Difference[], limit = 10): string {
  const lines = differences.slice(0, limit).map(({ target, key, kind, columns }) => {
    const details = columns.map(({ name, source, store }) => `${name}: source ${source}, store ${store}`).join('; ');
    return `  ${target} ${key}: ${kind}${details ? ` (${details})` : ''}`;
  });
  const rest = differences.length - lines.length;
  return [`${differences.length} differences`, ...lines, ...(rest > 0 ? [`  … and ${rest} more`] : [])].join('\n');
}

function short(value: string | null | undefined): string {
  if (value === undefined) return '(no such column)';
  if (value === null) return 'NULL';
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
