/**
 * What a store accepted, in the order it accepted it: one entry per row that was written or deleted. `revision` is the
 * row's own (null for a delete), so order and repetition can be judged without knowing how the store was fed.
 */
export interface AcceptedVersion {
  /** Generation the row is in: its schema or index. */
  readonly generation: string;
  readonly target: string;
  readonly key: string;
  readonly revision: number | null;
}

export interface Judgement {
  /** A lower revision after a higher one of the same row, deletes between them or not. */
  readonly backInTime: readonly AcceptedVersion[];
  /** A revision that this generation had accepted before. */
  readonly repeated: readonly AcceptedVersion[];
}

export function judge(accepted: readonly AcceptedVersion[]): Judgement {
  const highest = new Map<string, number>();
  const backInTime: AcceptedVersion[] = [];
  const repeated: AcceptedVersion[] = [];
  for (const version of accepted) {
    if (version.revision === null) continue;
    const row = `${version.generation}/${version.target}/${version.key}`;
    const before = highest.get(row) ?? -1;
    if (version.revision < before) backInTime.push(version);
    else if (version.revision === before) repeated.push(version);
    else highest.set(row, version.revision);
  }
  return { backInTime, repeated };
}
