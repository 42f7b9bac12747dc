import type { CopyProgress } from './status';

/** The copies that are not done: tables under way first, then those that wait, each in their order. */
export function openCopies(
  copies: Readonly<Record<string, CopyProgress>>,
): readonly (readonly [table: string, copy: CopyProgress])[] {
  const open = Object.entries(copies).filter(([, { done }]) => !done);
  const isUnderWay = ({ rows, sweeping }: CopyProgress) => rows > 0 || sweeping === true;
  return [...open.filter(([, copy]) => isUnderWay(copy)), ...open.filter(([, copy]) => !isUnderWay(copy))];
}
