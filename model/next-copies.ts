import type { CopyProgress } from './status';

export interface NextCopies {
  /** Tables under way first, then those that wait, in their order. */
  readonly shown: readonly (readonly [table: string, copy: CopyProgress])[];
  /** Those that are not shown: how many, and about how many rows they have. */
  readonly others: { readonly tables: number; readonly rows: number } | null;
}

/** Of the copies that are not done, as many as somebody wants to read of: a pipeline may have hundreds of tables. */
export function nextCopies(copies: Readonly<Record<string, CopyProgress>>, most: number): NextCopies {
  const open = Object.entries(copies).filter(([, { done }]) => !done);
  const isUnderWay = ({ rows, sweeping }: CopyProgress) => rows > 0 || sweeping === true;
  const inOrder = [...open.filter(([, copy]) => isUnderWay(copy)), ...open.filter(([, copy]) => !isUnderWay(copy))];
  // A line that says "and 1 more" would take the room of what it stands for.
  if (inOrder.length <= most + 1) return { shown: inOrder, others: null };
  const left = inOrder.slice(most);
  const rows = left.reduce((sum, [, { estimatedRows }]) => sum + Math.max(0, estimatedRows), 0);
  return { shown: inOrder.slice(0, most), others: { tables: left.length, rows } };
}
