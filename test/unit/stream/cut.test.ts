import type { LogBatch } from '../../../stream/log';
import { offsetOf } from '../../../model/offsets';
import { cutOf, entry, give } from './cut-records';

const wide = { maxRecords: 1_000, until: null, windowStart: 0 };

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
