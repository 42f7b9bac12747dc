import { copierOver } from './world';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const settled = () => jest.advanceTimersByTimeAsync(1);
/** Rows of 8 KiB: each chunk has about the 4 MiB that one may have. */
const wide = { bounds: { chunkRows: 500 }, rowBytes: 8_192 };

it('two chunks are made ready for the log, two more are read meanwhile, and no more than that', async () => {
  const { copier, reads, ready } = copierOver({ 'public.a': 5_000 }, wide);
  copier.start();
  await settled();
  expect(reads.map(({ rows }) => rows)).toEqual([500, 500, 500, 500]);
  expect(ready).toHaveLength(2);
  copier.start();
  await settled();
  expect(reads).toHaveLength(4);
  copier.appended();
  await settled();
  expect(reads).toHaveLength(5);
  expect(ready).toHaveLength(3);
  copier.close();
});

it('small chunks are more, up to the bytes that two large ones may have, or to eight', async () => {
  const readyOf = async (rowBytes: number) => {
    const { copier, ready } = copierOver({ 'public.a': 10_000 }, { bounds: wide.bounds, rowBytes });
    copier.start();
    await settled();
    copier.close();
    return ready.length;
  };
  expect(await readyOf(8)).toBe(8);
  expect(await readyOf(2_048)).toBe(5);
});

it('chunks that were appended together are in the log together', async () => {
  const { copier, ready } = copierOver({ 'public.a': 10_000 }, { bounds: wide.bounds });
  copier.start();
  await settled();
  copier.appended(3);
  await settled();
  expect(copier.progress()['public.a']?.rows).toBe(1_500);
  expect(ready).toHaveLength(11);
  copier.close();
});

it('what was read ahead waits until the log has a chunk before it, whatever the stream has passed', async () => {
  const { copier, ready } = copierOver({ 'public.a': 5_000 }, wide);
  copier.start();
  await settled();
  copier.closed('60');
  expect(ready.map(({ cursor }) => cursor.rows)).toEqual([500, 1_000]);
  copier.appended();
  expect(ready.map(({ cursor }) => cursor.rows)).toEqual([500, 1_000, 1_500]);
  copier.close();
});

it('cursors become true one by one, as their chunks are in the log', async () => {
  const { copier } = copierOver({ 'public.a': 5_000 }, wide);
  copier.start();
  await settled();
  const rows = () => copier.progress()['public.a']?.rows;
  expect(rows()).toBe(0);
  copier.appended();
  expect(rows()).toBe(500);
  copier.appended();
  expect(rows()).toBe(1_000);
  copier.close();
});

it('keys that the stream brings meanwhile are dropped from what was read ahead', async () => {
  const { copier, ready } = copierOver({ 'public.a': 5_000 }, wide);
  copier.start();
  await settled();
  expect(copier.watches('public.a')).toBe(true);
  copier.touched('public.a', { id: 1_001 });
  copier.touched('public.a', { id: 1_502 });
  copier.appended();
  expect(ready.at(-1)?.rows[0]).toEqual({ id: 1_002 });
  copier.appended();
  expect(ready.at(-1)?.rows.slice(0, 2)).toEqual([{ id: 1_501 }, { id: 1_503 }]);
  copier.close();
});

it('the next table is begun while the last chunk of one is appended', async () => {
  const { copier, reads } = copierOver({ 'public.a': 3, 'public.b': 30 }, wide);
  copier.start();
  await settled();
  expect(reads.map(({ table }) => table)).toEqual(['public.a', 'public.b']);
  copier.close();
});

it('an order to begin again is obeyed next, however fast chunks are read', async () => {
  const { copier, reads, ready } = copierOver({ 'public.a': 50_000 }, wide);
  copier.start();
  await settled();
  copier.obey({ paused: false, again: { 'public.a': 'once more' } });
  for (let appends = 0; appends < 4; appends += 1) {
    copier.appended();
    await settled();
  }
  expect(ready.at(-3)?.cursor).toMatchObject({ done: false, after: null, rows: 0, request: 'once more' });
  expect(ready.at(-2)).toMatchObject({ cursor: { rows: 500, request: 'once more' }, rows: { 0: { id: 1 } } });
  expect(reads.length).toBeLessThan(9);
  copier.close();
});
