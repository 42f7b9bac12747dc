import { offsetsEqual, withOffsets, type Offsets } from '../model/offsets';

/** topic → partition → records of one send. */
export type Counts = ReadonlyMap<string, ReadonlyMap<number, number>>;

/**
 * Where the next send will land: what lets a position record, which says where its transaction ends, be sent together with the
 * records and not behind their answer. Known of a partition once a transaction of this writer was committed to it. Nobody else
 * writes there, and a commit leaves one marker in each partition it was made in. Before that nothing is: markers of transactions
 * that a predecessor left open stand wherever they were written.
 */
export interface Foreseen {
  /** `ends` as they will be once this send has landed; null when that cannot be known. */
  after(send: {
    readonly ends: Offsets;
    readonly counts: Counts;
    readonly sentBefore: ReadonlySet<string>;
  }): Offsets | null;
  /** A transaction that wrote these partitions (`topic/partition`), up to `ends`, is committed. */
  committed(written: ReadonlySet<string>, ends: Offsets): void;
}

export function createForeseen(): Foreseen {
  const next = new Map<string, number>();
  return {
    after({ ends, counts, sentBefore }) {
      const changes: Record<string, Record<string, string>> = {};
      for (const [topic, partitions] of counts) {
        const changed: Record<string, string> = (changes[topic] = {});
        for (const [partition, count] of partitions) {
          const place = placeOf(topic, partition);
          // Within a transaction there is no marker between two sends.
          const base = sentBefore.has(place) ? Number(ends[topic]?.[String(partition)]) : next.get(place);
          if (base === undefined) return null;
          changed[String(partition)] = String(base + count);
        }
      }
      return withOffsets(ends, changes);
    },
    committed(written, ends) {
      for (const place of written) {
        const at = place.lastIndexOf('/');
        next.set(place, Number(ends[place.slice(0, at)]?.[place.slice(at + 1)]) + 1);
      }
    },
  };
}

/** Else the position record that went with these records is wrong. */
export function landedAsForeseen(foreseen: Offsets, ends: Offsets): boolean {
  return offsetsEqual(foreseen, ends);
}

export function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
