import { Appetite } from '../../../stream/appetite';
import type { Cut } from '../../../stream/cut';
import { cutOf, entry, give } from './cut-records';

const partitions = 16;
const recordBytes = 15_000;
const limitBytes = 32_000;
const bounds = { maxRecords: 100, maxBytes: 8_000, until: null, windowStart: 0 };

/**
 * A transaction with a large record in each partition, its position record known, fetched round and round as a broker gives it
 * out: one such record in an answer. Returns the most bytes that were held, and how many records came out.
 */
function follow(changes: (cut: Cut) => Pick<Appetite, 'changes'>): { held: number; records: number } {
  const cut = cutOf({ partitionBytes: 2_000 }, partitions);
  const appetite = changes(cut);
  const paused = new Set<number>();
  const fed = new Set<number>();
  cut.addEntry(entry(0, new Array<number>(partitions).fill(1)));
  cut.passPositions(1, 1);
  let held = 0;
  let records = 0;
  for (;;) {
    for (const { at, paused: now } of appetite.changes()) paused[now ? 'add' : 'delete'](at);
    const at = cut.buffers.findIndex((_, each) => !paused.has(each) && !fed.has(each));
    if (at >= 0) {
      give(cut, at, [0], 1, () => recordBytes);
      fed.add(at);
    }
    held = Math.max(held, cut.heldBytes);
    // A store that is slower than its log: only when nothing more is fetched is something taken.
    const piece = at < 0 ? cut.take(bounds) : null;
    records += piece?.records.length ?? 0;
    if (at < 0 && !piece) return { held, records };
  }
}

test('large records of many partitions are held up to the lane’s limit, and one more', () => {
  const { held, records } = follow((cut) => new Appetite(cut, limitBytes));
  expect(records).toBe(partitions);
  expect(held).toBeLessThan(limitBytes + 2 * (recordBytes + 1_000));
});

test('control: with a limit of each partition’s own, all of them hold one', () => {
  const { held, records } = follow((cut) => new Appetite(cut, Infinity));
  expect(records).toBe(partitions);
  expect(held).toBeGreaterThan(partitions * recordBytes);
});

/** What has come lies behind the position record that is known; what it lacks is in another partition. */
function fullOfWhatComesLater(): { cut: Cut; appetite: Appetite } {
  const cut = cutOf({ partitionBytes: 2_000 }, 3);
  cut.addEntry(entry(0, [1, 1, 0]));
  give(cut, 2, [0], 1, () => recordBytes * 3);
  return { cut, appetite: new Appetite(cut, limitBytes) };
}

test('a full lane fetches the partitions that it lacks, one behind the other', () => {
  const { cut, appetite } = fullOfWhatComesLater();
  expect(appetite.changes()).toEqual([
    { at: 1, paused: true },
    { at: 2, paused: true },
  ]);
  give(cut, 0, [0], 1);
  expect(appetite.changes()).toEqual([
    { at: 0, paused: true },
    { at: 1, paused: false },
  ]);
  give(cut, 1, [0], 1);
  expect(cut.take(bounds)).toMatchObject({ closed: true, records: [{ partition: 0 }, { partition: 1 }] });
});

test('when there is room again, all are fetched that are roomy', () => {
  const { cut, appetite } = fullOfWhatComesLater();
  appetite.changes();
  give(cut, 0, [], 1);
  give(cut, 1, [], 1);
  cut.addEntry(entry(1, [1, 1, 1]));
  while (cut.take(bounds));
  expect(appetite.changes()).toEqual([
    { at: 1, paused: false },
    { at: 2, paused: false },
  ]);
  expect(appetite.changes()).toEqual([]);
});
