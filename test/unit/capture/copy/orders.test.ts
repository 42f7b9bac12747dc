import { stateOf } from '../../../../capture/copy/copied-row';
import { noCopyOrders } from '../../../../capture/copy/copier';
import { copierOver, type World } from './world';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** The most rows that were read within any second. */
function busiestSecond({ reads }: World): number {
  const within = (start: number) => reads.filter(({ at }) => at >= start && at < start + 1_000);
  return Math.max(...reads.map(({ at }) => within(at).reduce((sum, { rows }) => sum + rows, 0)));
}

const ids = ({ ready }: World, table: string) =>
  ready.filter((chunk) => chunk.table.name === table).flatMap(({ rows }) => rows.map((row) => stateOf(row)['id']));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('a copy on a budget', () => {
  const rows = { 'public.a': 1_000, 'public.b': 3_000 };

  it('reads no more than its rows within any second, and all of them in the end', async () => {
    const world = copierOver(rows, { bounds: { chunkRows: 5_000, rowsPerSecond: 500 } });
    await world.forMs(9_000);
    expect(busiestSecond(world)).toBeLessThanOrEqual(500);
    expect(world.copier.done).toBe(true);
    expect(ids(world, 'public.b')).toEqual(upTo(3_000));
    world.copier.close();
  });

  it('control: without one it reads more', async () => {
    const world = copierOver(rows);
    await world.forMs(1_000);
    expect(busiestSecond(world)).toBe(4_000);
    world.copier.close();
  });
});

it('tables are copied one after the other, the largest last', async () => {
  const world = copierOver({ 'public.large': 2_000, 'public.small': 20, 'public.middle': 200 });
  await world.forMs(100);
  expect([...new Set(world.reads.map(({ table }) => table))]).toEqual([
    'public.small',
    'public.middle',
    'public.large',
  ]);
  expect(Object.keys(world.copier.progress())).toEqual(['public.small', 'public.middle', 'public.large']);
  world.copier.close();
});

describe('a copy that is paused', () => {
  it('reads nothing until it is resumed, and goes on where it was', async () => {
    const world = copierOver({ 'public.a': 2_000 }, { bounds: { chunkRows: 5_000, rowsPerSecond: 1_000 } });
    await world.forMs(500);
    world.copier.obey({ ...noCopyOrders, paused: true });
    await world.forMs(200); // what was in flight is finished
    const read = world.reads.length;
    await world.forMs(60_000);
    expect(world.reads).toHaveLength(read);
    expect(world.copier.done).toBe(false);
    world.copier.obey(noCopyOrders);
    await world.forMs(3_000);
    expect(world.copier.done).toBe(true);
    expect(ids(world, 'public.a')).toEqual(upTo(2_000));
    world.copier.close();
  });

  it('control: one that is not goes on', async () => {
    const world = copierOver({ 'public.a': 2_000 }, { bounds: { chunkRows: 5_000, rowsPerSecond: 1_000 } });
    await world.forMs(500);
    const read = world.reads.length;
    await world.forMs(3_000);
    expect(world.reads.length).toBeGreaterThan(read);
    world.copier.close();
  });
});

describe('an order to copy a table again', () => {
  const copied = { done: true, after: { id: 30 }, rows: 30 };
  const cursors = { 'public.a': copied, 'public.b': copied };
  const again = { paused: false, again: { 'public.a': 'one' } };
  const rows = { 'public.a': 30, 'public.b': 30 };

  it('is first made true on the log, then read from the first row; other tables stay as they are', async () => {
    const world = copierOver(rows, { cursors });
    await world.forMs(10);
    expect(world.reads).toEqual([]);
    world.copier.obey(again);
    await world.forMs(10);
    expect(world.ready[0]).toMatchObject({ rows: [], cursor: { done: false, after: null, rows: 0, request: 'one' } });
    expect(ids(world, 'public.a')).toEqual(upTo(30));
    expect(ids(world, 'public.b')).toEqual([]);
    expect(world.copier.progress()).toMatchObject({
      'public.a': { done: true, rows: 30, request: 'one' },
      'public.b': { done: true },
    });
    expect(world.ready.at(-1)?.cursor).toEqual({ done: true, after: { id: 30 }, rows: 30, request: 'one' });
    world.copier.close();
  });

  it('has the keys deleted that the log holds and the source does not, once rows are read', async () => {
    const world = copierOver(rows, { cursors, liveKeys: { 'public.a': [1, 30, 31, 40], 'public.b': [50] } });
    world.copier.obey(again);
    await world.forMs(10);
    expect(world.swept).toEqual([{ table: 'public.a', keys: 4, deleted: 2 }]);
    expect(
      world.ready.map(({ rows, missing, cursor }) => [rows.length, missing.length, cursor.sweep, cursor.done]),
    ).toEqual([
      [0, 0, 'later', false],
      [30, 0, 'now', false],
      [0, 2, 'now', false],
      [0, 0, undefined, true],
    ]);
    expect(ids(world, 'public.a')).toEqual(upTo(30));
    world.copier.close();
  });

  it('waits until the log holds all that was written before it', async () => {
    let closed = '9';
    const world = copierOver(rows, { cursors, pass: () => closed });
    world.copier.obey(again);
    await world.forMs(50);
    expect(world.ready).toEqual([]);
    closed = '10';
    world.copier.closed(closed);
    await world.forMs(10);
    expect(world.copier.progress()).toMatchObject({ 'public.a': { done: true, request: 'one' } });
    world.copier.close();
  });

  it('is obeyed once, however often it is told, and by the next session too', async () => {
    const world = copierOver(rows, { cursors });
    for (let time = 0; time < 3; time += 1) {
      world.copier.obey(again);
      await world.forMs(10);
    }
    expect(ids(world, 'public.a')).toEqual(upTo(30));
    world.copier.close();
    const next = copierOver(rows, { cursors: { ...cursors, 'public.a': { ...copied, request: 'one' } } });
    next.copier.obey(again);
    await next.forMs(10);
    expect(next.ready).toEqual([]);
    next.copier.close();
  });

  it('a sweep that a crash interrupted is begun again by the next session, and alone if it was ordered alone', async () => {
    const interrupted = { ...copied, done: false, sweep: 'now' as const };
    const world = copierOver(rows, {
      cursors: { ...cursors, 'public.a': interrupted },
      liveKeys: { 'public.a': [31] },
    });
    await world.forMs(10);
    expect(world.ready.flatMap(({ missing }) => missing)).toEqual([{ id: 31 }]);
    expect(world.ready.at(-1)?.cursor).toEqual(copied);
    expect(ids(world, 'public.a')).toEqual([]);
    world.copier.close();
  });

  it('another order of the same table copies it once more, also in the middle of its copy', async () => {
    const world = copierOver({ 'public.a': 3_000 }, { bounds: { chunkRows: 100, rowsPerSecond: 1_000 } });
    await world.forMs(1_500);
    const before = ids(world, 'public.a').length;
    world.copier.obey({ paused: false, again: { 'public.a': 'two' } });
    await world.forMs(5_000);
    expect(before).toBeGreaterThan(0);
    expect(
      ids(world, 'public.a')
        .slice(before)
        .filter((id) => id === 1),
    ).toHaveLength(1);
    expect(world.copier.progress()).toMatchObject({ 'public.a': { done: true, rows: 3_000, request: 'two' } });
    world.copier.close();
  });
});
