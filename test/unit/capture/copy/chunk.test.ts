import { nextLimit, reachable } from '../../../../capture/copy/chunk';

describe('reachable', () => {
  const segment = 16n * 1024n * 1024n;
  it.each([
    ['inside a page', 8192n * 5n + 100n, 8192n * 5n + 100n],
    ['right behind a page header', 8192n * 5n + 24n, 8192n * 5n],
    ['right behind a segment header', segment * 3n + 40n, segment * 3n],
    ['40 bytes into a page that begins no segment', 8192n * 5n + 40n, 8192n * 5n + 40n],
    ['at a page border', 8192n * 5n, 8192n * 5n],
  ])('%s', (_case, lsn, expected) => {
    expect(reachable(lsn, segment)).toBe(expected);
  });
});

describe('nextLimit', () => {
  const chunk = (rows: number, bytes: number, ms = 1) => ({
    rows: Array.from({ length: rows }, () => ({})),
    bytes,
    ms,
  });
  it.each([
    ['begins carefully', 5_000, null, 500],
    ['never asks for more than configured', 100, null, 100],
    ['grows while rows are narrow', 5_000, chunk(500, 50_000), 4_000],
    ['reaches what is configured', 5_000, chunk(4_000, 400_000), 5_000],
    ['keeps wide rows within 4 MiB', 5_000, chunk(500, 500 * 1024 * 1024), 4],
    ['takes one row however wide', 5_000, chunk(1, 64 * 1024 * 1024), 1],
    ['is not misled by an empty chunk', 5_000, chunk(0, 0), 500],
    ['asks for less when the source is slow', 5_000, chunk(2_000, 1_000, 400), 400],
    ['far less when it is very slow', 5_000, chunk(2_000, 1_000, 160_000), 1],
    ['for as much as fits, with something to spare', 5_000, chunk(1_000, 1_000, 40), 2_000],
    ['and for more again as soon as it is not', 5_000, chunk(1, 1, 1), 80],
  ])('%s', (_case, configured, previous, expected) => {
    expect(nextLimit({ chunkRows: configured, queryMilliseconds: 100 }, previous)).toBe(expected);
  });

  /** How long a statement of so many rows takes; what the limits lead to, chunk by chunk. */
  const statements = (msPerRow: (at: number) => number, queryMilliseconds: number): number[] => {
    const taken: number[] = [];
    let previous: ReturnType<typeof chunk> | null = null;
    for (let at = 0; at < 40; at += 1) {
      const rows: number = nextLimit({ chunkRows: 5_000, queryMilliseconds }, previous);
      taken.push(rows * msPerRow(at));
      previous = chunk(rows, rows, rows * msPerRow(at));
    }
    return taken;
  };

  it('keeps every statement under its time but the first of a table, and the first after a sudden slowness', () => {
    const slower = (at: number) => (at < 20 ? 0.5 : 4);
    const over = statements(slower, 100).flatMap((ms, at) => (ms > 100 ? [at] : []));
    expect(over).toEqual([0, 20]);
  });

  it('control: without a time for it, statements take what they take', () => {
    const over = statements(() => 0.5, 1e9).filter((ms) => ms > 100);
    expect(over.length).toBeGreaterThan(30);
  });
});
