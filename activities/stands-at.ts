import type { Offsets } from '../model/offsets';
import { compareDecimal } from '../model/position';
import type { PositionRecord } from '../stream/log';

/** Nothing beyond this record has been taken, and it ends a transaction. */
export function standsAt(next: Offsets, { closed, ends }: PositionRecord): boolean {
  const within = ([topic, partitions]: [string, Readonly<Record<string, string>>]) =>
    ends[topic] === undefined ||
    Object.entries(partitions).every(([partition, offset]) => {
      const end = ends[topic]?.[partition] ?? '0';
      return compareDecimal(offset, end) <= 0;
    });
  return closed && Object.entries(next).every(within);
}
