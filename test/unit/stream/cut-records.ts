import { Cut, type CutOptions, type PositionEntry } from '../../../stream/cut';

/** Of one topic with so many partitions, from its beginning. */
export function cutOf(options: Partial<CutOptions> = {}, partitions = 2): Cut {
  return new Cut({
    prefix: 'p',
    partitions: Array.from({ length: partitions }, (_, partition) => ({ topic: 'p.s.t', partition, next: 0 })),
    positionsNext: 0,
    partitionBytes: 1 << 20,
    maxEntries: 100,
    ...options,
  });
}

export function entry(offset: number, ends: readonly number[], more: Partial<PositionEntry> = {}): PositionEntry {
  return {
    offset,
    ends,
    closed: true,
    position: { lsn: String(offset), index: 0 },
    at: 1_000 + offset,
    ...more,
  };
}

/** Records of these offsets have come, and the consumer is past `passed`. */
export function give(
  cut: Cut,
  partition: number,
  offsets: readonly number[],
  passed: number,
  absentOf: (offset: number) => number = () => 0,
): void {
  const buffer = cut.buffers[partition];
  if (!buffer) throw new Error('no such partition');
  for (const offset of offsets) {
    const value = Buffer.from(String(offset));
    const absentBytes = absentOf(offset);
    buffer.add({ topic: buffer.topic, partition, offset: String(offset), key: null, value, absentBytes }, offset);
  }
  buffer.passed = Math.max(buffer.passed, passed);
}
