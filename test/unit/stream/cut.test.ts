import type { LogBatch } from '../../../stream/log';
import { Cut, type CutOptions, type PositionEntry } from '../../../stream/cut';
import { offsetOf } from '../../../model/offsets';
import { seededRandom, type SeededRandom } from './seeded-random';

const wide = { maxRecords: 1_000, until: null, windowStart: 0 };

function cutOf(options: Partial<CutOptions> = {}, partitions = 2): Cut {
  return new Cut({
    prefix: 'p',
    partitions: Array.from({ length: partitions }, (_, partition) => ({ topic: 'p.s.t', partition, next: 0 })),
    positionsNext: 0,
    partitionBytes: 1 << 20,
    maxEntries: 100,
    ...options,
  });
}

function entry(offset: number, ends: readonly number[], more: Partial<PositionEntry> = {}): PositionEntry {
  return {
    offset,
    ends,
    closed: true,
    position: { lsn: String(offset), index: 0 },
    at: 1_000 + offset,
    copies: {},
    ...more,
  };
}

/** Some records stand for columns that are still to be read, and count with them. */
const someAbsent = (offset: number) => (offset % 3 === 0 ? (offset * 7_919) % 5_000 : 0);
/** What `PartitionBuffer` counts for a record besides its bytes. */
const overhead = 512;

function give(
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

function offsetsOf(piece: LogBatch | null): string[] {
  return (piece?.records ?? []).map(({ partition, offset }) => `${partition}:${offset}`);
}

describe('a cut', () => {
  test('waits until the consumer has passed the ends of every partition', () => {
    const cut = cutOf();
    cut.addEntry(entry(0, [3, 2]));
    give(cut, 0, [0, 1], 2);
    give(cut, 1, [0, 1], 3);
    expect(cut.take(wide)).toBeNull();
    give(cut, 0, [], 3); // offset 2 was a marker, or compacted away
    expect(offsetsOf(cut.take(wide))).toEqual(['0:0', '0:1', '1:0', '1:1']);
    expect(cut.next()).toEqual({ 'p.positions': { '0': '1' }, 'p.s.t': { '0': '3', '1': '2' } });
  });

  test('never hands out what lies beyond the record, even when it is there', () => {
    const cut = cutOf();
    cut.addEntry(entry(0, [1, 0]));
    give(cut, 0, [0, 1, 2], 3);
    expect(offsetsOf(cut.take(wide))).toEqual(['0:0']);
    expect(cut.take(wide)).toBeNull();
  });

  test('goes to the furthest closed record that fits', () => {
    const cut = cutOf({}, 1);
    for (let at = 0; at < 5; at += 1) cut.addEntry(entry(at * 2, [at + 1]));
    give(cut, 0, [0, 1, 2, 3, 4], 5);
    const piece = cut.take({ ...wide, maxRecords: 3 });
    expect(offsetsOf(piece)).toEqual(['0:0', '0:1', '0:2']);
    expect(piece).toMatchObject({ closed: true, position: { lsn: '4', index: 0 }, positionAt: 1_004 });
    expect(offsetOf(piece?.next ?? {}, 'p.positions', 0)).toBe('5');
  });

  test('gives a transaction that is too large in open pieces, and moves the positions offset with the last', () => {
    const cut = cutOf({}, 1);
    cut.addEntry(entry(4, [5]));
    give(cut, 0, [0, 1, 2, 3, 4], 5);
    const pieces = [1, 2, 3].map(() => cut.take({ ...wide, maxRecords: 2 }));
    expect(pieces.map((piece) => piece?.closed)).toEqual([false, false, true]);
    expect(pieces.map((piece) => offsetOf(piece?.next ?? {}, 'p.positions', 0))).toEqual(['0', '0', '5']);
    expect(pieces.flatMap(offsetsOf)).toEqual(['0:0', '0:1', '0:2', '0:3', '0:4']);
  });

  test('records that are not closed bound open pieces and are no ends', () => {
    const cut = cutOf({}, 1);
    cut.addEntry(entry(0, [2], { closed: false }));
    cut.addEntry(entry(2, [4], { closed: false }));
    give(cut, 0, [0, 1, 2, 3, 4, 5], 6);
    expect(cut.ahead()).toEqual({ caughtUp: false, records: 4, oldestAt: 1_000 });
    expect(cut.take(wide)).toBeNull(); // less than a piece: the closed record may come any moment
    expect(offsetsOf(cut.take({ ...wide, maxRecords: 3 }))).toEqual(['0:0', '0:1', '0:2']);
    cut.addEntry(entry(4, [6]));
    expect(offsetsOf(cut.take(wide))).toEqual(['0:3', '0:4', '0:5']);
  });

  test('a full buffer below the bound is handed out before the record is complete', () => {
    const cut = cutOf({ partitionBytes: 1 });
    cut.addEntry(entry(0, [5, 5]));
    give(cut, 0, [0], 1);
    expect(offsetsOf(cut.take(wide))).toEqual(['0:0']);
  });

  test('a buffer that one open piece leaves neither full nor roomy gives another: it is paused, and nobody else could', () => {
    const cut = cutOf({ partitionBytes: 2_600 }, 1); // five records of one digit fill it, two leave room
    cut.addEntry(entry(0, [9]));
    give(cut, 0, [0, 1, 2, 3, 4, 5], 6);
    const take = () => offsetsOf(cut.take({ ...wide, maxRecords: 2 }));
    expect([cut.buffers[0]?.full, take()]).toEqual([true, ['0:0', '0:1']]);
    expect([cut.buffers[0]?.full, cut.buffers[0]?.roomy]).toEqual([false, false]);
    expect(offsetsOf(cut.take(wide))).toEqual(['0:2', '0:3', '0:4', '0:5']);
    expect(cut.buffers[0]?.roomy).toBe(true);
  });

  test('stops before `until`', () => {
    const cut = cutOf({}, 1);
    for (let at = 0; at < 4; at += 1) cut.addEntry(entry(at, [at + 1]));
    give(cut, 0, [0, 1, 2, 3], 4);
    expect(offsetsOf(cut.take({ ...wide, until: 2 }))).toEqual(['0:0', '0:1']);
    expect(cut.take({ ...wide, until: 2 })).toBeNull();
    expect(offsetsOf(cut.take(wide))).toEqual(['0:2', '0:3']);
  });

  test('never moves an offset back: an older record has lower ends', () => {
    const cut = cutOf({ partitions: [{ topic: 'p.s.t', partition: 0, next: 7 }], positionsNext: 3 });
    cut.addEntry(entry(4, [5]));
    expect(cut.take(wide)?.next).toEqual({ 'p.positions': { '0': '5' }, 'p.s.t': { '0': '7' } });
  });

  test('is caught up when the end was seen and no closed record waits', () => {
    const cut = cutOf({}, 1);
    expect(cut.ahead().caughtUp).toBe(false);
    cut.passPositions(2, 3);
    expect(cut.ahead().caughtUp).toBe(false);
    cut.passPositions(3, 3);
    expect(cut.ahead().caughtUp).toBe(true);
    cut.addEntry(entry(3, [1]));
    expect(cut.ahead()).toEqual({ caughtUp: false, records: 1, oldestAt: 1_003 });
  });

  test('a build of an old log stands at no record older than the window while others follow', () => {
    const young = { maxRecords: 10, until: null, windowStart: 5_000 };
    const cut = cutOf({}, 1);
    for (let at = 0; at < 4; at += 1) cut.addEntry(entry(at, [at + 1]));
    give(cut, 0, [0, 1, 2, 3], 4);
    expect(cut.take(young)).toBeNull();
    const open = cut.take({ ...young, maxRecords: 3 });
    expect(open).toMatchObject({ closed: false });
    expect(offsetOf(open?.next ?? {}, 'p.positions', 0)).toBe('0');
    cut.passPositions(4, 4);
    expect(cut.take(young)).toMatchObject({ closed: true, position: { lsn: '3' } });
  });

  test('a lane that has stood at a record before stands at old ones, too', () => {
    const cut = cutOf({ positionsNext: 1 }, 1);
    cut.addEntry(entry(1, [1]));
    give(cut, 0, [0], 1);
    expect(cut.take({ maxRecords: 10, until: null, windowStart: 5_000 })).toMatchObject({ closed: true });
  });
});

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
  // As a session does it (`balance`): paused when full, resumed when there is room again, and nothing in between.
  const paused = new Set<number>();
  let entriesFed = 0;
  let until: number | null = random.below(2) === 0 ? (entries[random.below(entries.length)]?.offset ?? 0) : null;
  const windowStart = random.pick([0, 0, 1_010, 10_000]);
  const taken: LogBatch[] = [];

  const feedPartition = (at: number): boolean => {
    const buffer = cut.buffers[at];
    const list = items[at] as Item[];
    const from = fed[at] ?? 0;
    if (buffer?.full) paused.add(at);
    if (buffer?.roomy) paused.delete(at);
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
