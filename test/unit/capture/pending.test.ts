import { createPending, unitBounds, type Pending, type Truncation, type Unit } from '../../../capture/pending';
import type { EncodedRecord } from '../../../stream/log';
import { listed, type RecordSupply } from '../../../stream/supply';

const record = (name: string, size = 10): EncodedRecord => ({
  topic: 't',
  partition: 0,
  key: Buffer.from(name),
  value: Buffer.alloc(size),
});

const supplyOf = (...records: EncodedRecord[]): RecordSupply => ({
  length: records.length,
  bytes: 0,
  begin: () => undefined,
  next: () => ({ places: new Map(records.length > 0 ? [['t', new Map([[0, records]])]] : []), last: true }),
});

const names = (unit: Unit | null) => unit && listed(unit.records).map(({ key }) => key.toString());
const short = (unit: Unit | null) =>
  unit && [names(unit)?.join(' '), `${unit.position.lsn}/${unit.position.index}`, unit.closed];

function add(pending: Pending, lsn: string, ...all: string[]): void {
  all.forEach((name, at) => pending.addChange([record(name)], { lsn, index: at + 1 }));
}

describe('createPending', () => {
  it('joins transactions that came meanwhile, up to the last closed point', () => {
    const pending = createPending();
    add(pending, '10', 'a', 'b');
    pending.close('12', 1);
    add(pending, '20', 'c');
    pending.close('22', 2);
    add(pending, '30', 'd');
    const unit = pending.take({ positionOnly: false });
    expect(short(unit)).toEqual(['a b c', '22/0', true]);
    expect(unit).toMatchObject({ changes: 3, committedAt: 2 });
    expect(pending.take({ positionOnly: true })).toBeNull();
    pending.close('32', 3);
    expect(short(pending.take({ positionOnly: false }))).toEqual(['d', '32/0', true]);
    expect(pending).toMatchObject({ bytes: 0, empty: true });
  });

  it('splits a transaction larger than a unit, and closes it with its last piece only', () => {
    const pending = createPending();
    const { changes } = unitBounds;
    add(pending, '10', ...Array.from({ length: 2 * changes + 500 }, (_, at) => `r${at}`));
    expect(pending.overflowing).toBe(true);
    expect(pending.take({ positionOnly: false })).toMatchObject({
      closed: false,
      position: { lsn: '10', index: changes },
    });
    expect(pending.take({ positionOnly: false })).toMatchObject({
      closed: false,
      position: { lsn: '10', index: 2 * changes },
    });
    expect(pending.take({ positionOnly: false })).toBeNull();
    pending.close('12', 1);
    expect(pending.take({ positionOnly: false })).toMatchObject({
      closed: true,
      changes: 500,
      position: { lsn: '12', index: 0 },
    });
  });

  it('a full unit ends with a transaction: the one that is arriving goes on in the next, whole', () => {
    const pending = createPending();
    const size = 7; // no part of what a unit may hold
    for (let at = 0; at * size < 3 * unitBounds.changes; at += 1) {
      add(pending, String(10 * at), ...Array.from({ length: size }, (_, row) => `${at}/${row}`));
      pending.close(String(10 * at + 2), at);
    }
    const units = [1, 2, 3].map(() => pending.take({ positionOnly: false }));
    const whole = size * Math.floor(unitBounds.changes / size);
    expect(units.map((unit) => [unit?.changes, unit?.records.length, unit?.closed])).toEqual([
      [whole, whole, true],
      [whole, whole, true],
      [whole, whole, true],
    ]);
    expect(units.map((unit) => unit && listed(unit.records)[0]?.key.toString())).toEqual(
      [0, 1, 2].map((at) => `${(at * whole) / size}/0`),
    );
  });

  it('splits by bytes too', () => {
    const pending = createPending();
    const size = Math.ceil(unitBounds.bytes / 2);
    for (let index = 1; index <= 3; index += 1) pending.addChange([record('x', size)], { lsn: '10', index });
    expect(pending.take({ positionOnly: false })).toMatchObject({ changes: 2, closed: false });
  });

  it('closes by a position alone a transaction whose last piece is gone already', () => {
    const pending = createPending();
    add(pending, '10', ...Array.from({ length: unitBounds.changes }, (_, at) => `r${at}`));
    expect(pending.take({ positionOnly: false })).toMatchObject({ closed: false });
    pending.close('12', 1);
    expect(pending.take({ positionOnly: false })).toBeNull();
    expect(short(pending.take({ positionOnly: true }))).toEqual(['', '12/0', true]);
  });

  it('gives a lone position only when asked, and the newest one', () => {
    const pending = createPending();
    pending.close('5', null);
    pending.close('6', null);
    expect(pending.take({ positionOnly: false })).toBeNull();
    expect(pending.take({ positionOnly: true })).toMatchObject({ position: { lsn: '6', index: 0 }, committedAt: null });
    expect(pending.empty).toBe(true);
  });

  it('does not let a waiting position cut a transaction that is arriving', () => {
    const pending = createPending();
    pending.close('5', null);
    add(pending, '10', 'a');
    expect(pending.take({ positionOnly: false })).toBeNull();
    pending.close('12', 1);
    expect(short(pending.take({ positionOnly: false }))).toEqual(['a', '12/0', true]);
  });

  it('keeps a chunk of the copy by itself, between what came before and after', () => {
    const pending = createPending();
    const copy = { table: 'public.items', cursor: { done: false, after: { id: 1 }, rows: 1 } };
    add(pending, '10', 'a');
    pending.close('12', 1);
    pending.addChunk(supplyOf(record('chunk')), copy, '12');
    add(pending, '20', 'b');
    pending.close('22', 2);
    const units = [1, 2, 3].map(() => pending.take({ positionOnly: false }));
    expect(units.map(short)).toEqual([
      ['a', '12/0', true],
      ['chunk', '12/0', true],
      ['b', '22/0', true],
    ]);
    expect(units.map((unit) => unit?.copy)).toEqual([null, { ...copy, chunks: 1 }, null]);
  });

  it('gives chunks of one table that are ready in one unit, as many as it may hold, and of another in its own', () => {
    const pending = createPending();
    const chunk = (table: string, rows: number, changes: number) =>
      pending.addChunk(
        { ...supplyOf(record(`${table}${rows}`)), length: changes },
        { table, cursor: { done: false, after: null, rows } },
        String(rows),
      );
    chunk('a', 1, 9_000);
    chunk('a', 2, 9_000);
    chunk('a', 3, 9_000);
    chunk('b', 4, 5);
    chunk('b', 5, 0);
    chunk('b', 6, 5);
    const units = [1, 2, 3, 4, 5].map(() => pending.take({ positionOnly: false }));
    expect(
      units.map((unit) => [unit?.copy?.table, unit?.copy?.cursor.rows, unit?.copy?.chunks, unit?.changes]),
    ).toEqual([
      ['a', 2, 2, 18_000],
      ['a', 3, 1, 9_000],
      ['b', 4, 1, 5],
      ['b', 5, 1, 0],
      ['b', 6, 1, 5],
    ]);
    expect(units.map(names)).toEqual([['a1', 'a2'], ['a3'], ['b4'], ['b5'], ['b6']]);
    expect(units.map((unit) => unit?.position.lsn)).toEqual(['2', '3', '4', '5', '6']);
    expect(pending).toMatchObject({ bytes: 0, empty: true });
  });

  it('gives an empty chunk at once, in the place of a position that waited', () => {
    const pending = createPending();
    pending.close('5', null);
    pending.addChunk(supplyOf(), { table: 'public.items', cursor: { done: true, after: null, rows: 0 } }, '5');
    expect(pending.take({ positionOnly: false })).toMatchObject({ copy: { cursor: { done: true } } });
    expect(pending.empty).toBe(true);
  });

  it('forgets what stands behind the last closed point, and nothing before it', () => {
    const pending = createPending();
    add(pending, '10', 'a');
    pending.close('12', 1);
    add(pending, '20', ...Array.from({ length: 3_000 }, (_, at) => `r${at}`));
    pending.dropOpen();
    expect(short(pending.take({ positionOnly: false }))).toEqual(['a', '12/0', true]);
    expect(pending).toMatchObject({ bytes: 0, empty: true });
    add(pending, '30', 'x');
    pending.dropOpen();
    expect(pending).toMatchObject({ bytes: 0, empty: true });
  });

  const truncation: Truncation = {
    table: 'public.items',
    position: { lsn: '10', index: 2 },
    schemaId: 'abc',
    transaction: { xid: 5, committedAt: 1 },
  };

  it('keeps a TRUNCATE between what stood before and after it, though neither is a full unit', () => {
    const pending = createPending();
    add(pending, '10', 'a');
    pending.addTruncation(truncation);
    pending.addChange([record('b')], { lsn: '10', index: 3 });
    pending.close('12', 1);
    expect(pending).toMatchObject({ truncation: null, overflowing: true });
    expect(short(pending.take({ positionOnly: false }))).toEqual(['a', '10/1', false]);
    expect(pending).toMatchObject({ truncation, overflowing: true });
    expect(pending.take({ positionOnly: true })).toBeNull();
    pending.endTruncation(truncation);
    expect(short(pending.take({ positionOnly: false }))).toEqual(['b', '12/0', true]);
    expect(pending).toMatchObject({ bytes: 0, empty: true, truncation: null });
  });

  it('lets neither a position nor a chunk slip before a TRUNCATE that waits', () => {
    const pending = createPending();
    pending.addTruncation(truncation);
    pending.close('12', 1);
    const copy = { table: 'public.items', cursor: { done: true, after: null, rows: 0 } };
    pending.addChunk(supplyOf(record('chunk')), copy, '12');
    expect(pending.truncation).toBe(truncation);
    pending.endTruncation(truncation);
    expect(pending.take({ positionOnly: false })).toMatchObject({ copy });
  });

  it('drops a TRUNCATE with its transaction, and does not end another one in its place', () => {
    const pending = createPending();
    pending.addTruncation(truncation);
    pending.dropOpen();
    expect(pending.empty).toBe(true);
    add(pending, '20', 'a');
    pending.endTruncation(truncation);
    expect(pending.empty).toBe(false);
  });
});
