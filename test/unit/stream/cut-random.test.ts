import { Appetite } from '../../../stream/appetite';
import type { LogBatch } from '../../../stream/log';
import type { PositionEntry } from '../../../stream/cut';
import { offsetOf } from '../../../model/offsets';
import { cutOf, entry, give } from './cut-records';
import { seededRandom, type SeededRandom } from './seeded-random';

/** Some records stand for columns that are still to be read, and count with them. */
const someAbsent = (offset: number) => (offset % 3 === 0 ? (offset * 7_919) % 5_000 : 0);
/** What `PartitionBuffer` counts for a record besides its bytes. */
const overhead = 512;

test('whatever the log, the order of arrival and the bounds: pieces joined are the log, and nothing gets stuck', () => {
  const random = seededRandom();
  for (let run = 0; run < 120; run += 1) runOnce(random);
});

interface Item {
  readonly offset: number;
  readonly isRecord: boolean;
}

/** Random transactions over some partitions, with holes as markers, aborts and compaction leave them. */
function randomLog(random: SeededRandom, partitions: number) {
  const items: Item[][] = Array.from({ length: partitions }, () => []);
  const ends = new Array<number>(partitions).fill(0);
  const entries: PositionEntry[] = [];
  let positionOffset = 0;
  for (let transaction = 0; transaction < 1 + random.below(40); transaction += 1) {
    for (let count = random.pick([0, 1, 2, 5, 60]); count > 0; count -= 1) {
      const at = random.below(partitions);
      const list = items[at] as Item[];
      while (random.below(5) === 0) list.push({ offset: list.length, isRecord: false });
      // A record that compaction has taken still counts for the ends.
      list.push({ offset: list.length, isRecord: random.below(6) > 0 });
      ends[at] = list.length;
    }
    for (const list of items) if (random.below(2) === 0) list.push({ offset: list.length, isRecord: false });
    entries.push(entry(positionOffset, [...ends], { closed: random.below(4) > 0 }));
    positionOffset += 1 + random.below(3);
  }
  entries.push(entry(positionOffset, [...ends]));
  return { items, entries, high: positionOffset + 2 };
}

function runOnce(random: SeededRandom): void {
  const partitions = 1 + random.below(4);
  const { items, entries, high } = randomLog(random, partitions);
  const cut = cutOf(
    { partitionBytes: random.pick([1, 3_000, 1 << 20]), maxEntries: random.pick([1, 3, 100]) },
    partitions,
  );
  const fed = new Array<number>(partitions).fill(0);
  const appetite = new Appetite(cut, random.pick([1, 5_000, 40_000, Infinity]));
  const paused = new Set<number>();
  let entriesFed = 0;
  let until: number | null = random.below(2) === 0 ? (entries[random.below(entries.length)]?.offset ?? 0) : null;
  const windowStart = random.pick([0, 0, 1_010, 10_000]);
  const taken: LogBatch[] = [];

  const feedPartition = (at: number): boolean => {
    const buffer = cut.buffers[at];
    const list = items[at] as Item[];
    const from = fed[at] ?? 0;
    for (const change of appetite.changes()) paused[change.paused ? 'add' : 'delete'](change.at);
    if (!buffer || paused.has(at) || from === list.length) return false;
    const part = list.slice(from, from + 1 + random.below(10));
    give(
      cut,
      at,
      part.filter((item) => item.isRecord).map((item) => item.offset),
      from + part.length,
      someAbsent,
    );
    fed[at] = from + part.length;
    return true;
  };
  const feedEntries = (): boolean => {
    const next = entries[entriesFed];
    if (cut.entriesFull || !next) return false;
    cut.addEntry(next);
    entriesFed += 1;
    cut.passPositions(entriesFed === entries.length ? high : next.offset + 1, high);
    return true;
  };

  for (;;) {
    const order = random.below(partitions + 1);
    const fedSome = order === partitions ? feedEntries() : feedPartition(order);
    const maxRecords = 1 + random.below(30);
    const maxBytes = random.pick([1, 4_000, 30_000, Infinity]);
    const before = cut.next();
    const piece = random.below(3) === 0 || !fedSome ? cut.take({ maxRecords, maxBytes, until, windowStart }) : null;
    if (piece) {
      checkPiece({ piece, before, entries, maxRecords, maxBytes, until });
      taken.push(piece);
      continue;
    }
    if (fedSome) continue;
    // Nothing to be had from this one; is there anything to be had at all?
    const any = feedEntries() || Array.from({ length: partitions }, (_, at) => at).some(feedPartition);
    if (any) continue;
    const rest = cut.take({ maxRecords: 1_000_000, maxBytes: 10_000, until, windowStart });
    if (rest) {
      checkPiece({ piece: rest, before: cut.next(), entries, maxRecords: 1_000_000, maxBytes: 10_000, until });
      taken.push(rest);
      continue;
    }
    if (until === null) break; // all read, or stuck: the comparison below tells
    until = null;
  }
  const expected = items.map((list) => list.filter((item) => item.isRecord).map((item) => item.offset));
  const last = entries[entries.length - 1] as PositionEntry;
  const below = expected.map((offsets, at) => offsets.filter((offset) => offset < (last.ends[at] ?? 0)));
  const got = below.map((_, at) =>
    taken.flatMap((piece) =>
      piece.records.filter((record) => record.partition === at).map((record) => Number(record.offset)),
    ),
  );
  expect(got).toEqual(below);
  expect(taken[taken.length - 1]).toMatchObject({ closed: true, position: last.position });
}

function checkPiece(seen: {
  piece: LogBatch;
  before: LogBatch['next'];
  entries: readonly PositionEntry[];
  maxRecords: number;
  maxBytes: number;
  until: number | null;
}): void {
  const { piece, entries, maxRecords, maxBytes, until } = seen;
  const at = Number(offsetOf(piece.next, 'p.positions', 0));
  expect(piece.records.length).toBeLessThanOrEqual(maxRecords);
  const bytes = piece.records.map(({ value, absentBytes = 0 }) => (value?.length ?? 0) + absentBytes + overhead);
  if (piece.records.length > 1) expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(maxBytes);
  if (until !== null) expect(at).toBeLessThanOrEqual(until);
  const reached = piece.closed ? entries.find((one) => one.offset + 1 === at) : undefined;
  if (piece.closed) expect(reached).toMatchObject({ closed: true, position: piece.position });
  else expect(offsetOf(piece.next, 'p.positions', 0)).toBe(offsetOf(seen.before, 'p.positions', 0));
  const limit = [...entries].reverse().find((one) => until === null || one.offset < until);
  for (const { partition, offset } of piece.records) {
    expect(Number(offset)).toBeLessThan(Number(offsetOf(piece.next, 'p.s.t', partition)));
    expect(Number(offset)).toBeLessThan((reached ?? limit)?.ends[partition] ?? 0);
  }
}
