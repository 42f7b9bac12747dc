import type { CopyCursor } from '../../stream/log';

interface Sized {
  readonly name: string;
  /** By the catalogue; below 0: never analysed. */
  readonly estimatedRows: number;
}

/**
 * The order in which tables are copied, one after the other: what is begun already, then from the smallest to the largest,
 * so that most of them are complete soon and the one that takes hours holds nobody up. What was never analysed may be
 * any size, and comes last. Pure.
 */
export function copyOrder<Table extends Sized>(
  tables: readonly Table[],
  cursors: Readonly<Record<string, CopyCursor>>,
): Table[] {
  const isBegun = ({ name }: Table) => cursors[name]?.done === false && cursors[name].after !== null;
  const size = ({ estimatedRows }: Table) => (estimatedRows < 0 ? Infinity : estimatedRows);
  const compare = (left: Table, right: Table) => {
    if (isBegun(left) !== isBegun(right)) return isBegun(left) ? -1 : 1;
    return size(left) === size(right) ? 0 : size(left) - size(right);
  };
  return [...tables].sort(compare); // stable: in the order of the file otherwise
}
