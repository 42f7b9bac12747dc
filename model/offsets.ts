import { compareDecimal } from './position';

/**
 * Next offsets: topic → partition → the offset (decimal digits) of the first record that is *not* included. One shape
 * for a lane's progress, for the `ends` of a position record and for a consumer's start. Plain JSON.
 */
export type Offsets = Readonly<Record<string, Readonly<Record<string, string>>>>;

export function offsetOf(offsets: Offsets, topic: string, partition: number): string | undefined {
  return offsets[topic]?.[String(partition)];
}

/** `base` with every offset of `changes` put in; neither argument is altered, and topics without a change are those of `base`. */
export function withOffsets(base: Offsets, changes: Offsets): Offsets {
  const merged: Record<string, Readonly<Record<string, string>>> = { ...base };
  for (const [topic, partitions] of Object.entries(changes)) merged[topic] = { ...merged[topic], ...partitions };
  return merged;
}

/** Same partitions, same offsets, whatever the order of the properties. */
export function offsetsEqual(left: Offsets, right: Offsets): boolean {
  return canonicalOffsets(left) === canonicalOffsets(right);
}

/** One text for equal offsets, so that a store can compare and set them. Partitions in numeric order. */
export function canonicalOffsets(offsets: Offsets): string {
  const topics = Object.keys(offsets).sort();
  const sorted: Record<string, Record<string, string>> = {};
  for (const topic of topics) {
    const partitions = offsets[topic] ?? {};
    const numbers = Object.keys(partitions).sort((a, b) => Number(a) - Number(b));
    if (numbers.length === 0) continue;
    sorted[topic] = Object.fromEntries(numbers.map((number) => [number, partitions[number] ?? '0']));
  }
  return JSON.stringify(sorted);
}

/** Records between two sets of offsets, commit markers included: an upper bound, good for a lag, not for a proof. */
export function distance(from: Offsets, to: Offsets): number {
  let records = 0;
  for (const [topic, partitions] of Object.entries(to)) {
    for (const [partition, end] of Object.entries(partitions)) {
      const start = from[topic]?.[partition] ?? '0';
      if (compareDecimal(end, start) > 0) records += Number(BigInt(end) - BigInt(start));
    }
  }
  return records;
}
