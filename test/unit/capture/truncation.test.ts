import type { Unit, Truncation } from '../../../capture/pending';
import { emptyTable } from '../../../capture/truncation';
import type { Row } from '../../../model/change';
import { encodeChange } from '../../../stream/envelope';

const truncation: Truncation = {
  table: 'public.items',
  position: { lsn: '10', index: 3 },
  schemaId: 'abc',
  transaction: { xid: 5, committedAt: 1 },
};
const context = { prefix: 'shop', database: 'shop', partitions: 4 };
const encode = (change: Parameters<typeof encodeChange>[0]) => encodeChange(change, context);
const keys = (count: number): Row[] => Array.from({ length: count }, (_, id) => ({ id }));

async function* pagesOf(...pages: readonly (readonly Row[])[]) {
  yield* pages;
}

function run(pages: readonly (readonly Row[])[], signal = new AbortController().signal) {
  const units: Unit[] = [];
  const append = async (unit: Unit) => void units.push(unit);
  const parts = { liveKeys: () => pagesOf(...pages), encode, append };
  return { units, ended: emptyTable(parts, truncation, { signal, onAlive: () => undefined }) };
}

it('appends a delete and a tombstone for each key, in bounded units', async () => {
  const { units, ended } = run([keys(4_500)]);
  expect(await ended).toBe(true);
  expect(units.map(({ changes, records }) => [changes, records.length])).toEqual([
    [2_000, 4_000],
    [2_000, 4_000],
    [500, 1_000],
  ]);
});

it('says no position beyond the one before it, and closes nothing: killed in the middle, it comes again', async () => {
  const { units, ended } = run([keys(3), keys(2)]);
  await ended;
  expect(units.map(({ position, closed }) => ({ position, closed }))).toEqual([
    { position: { lsn: '10', index: 2 }, closed: false },
    { position: { lsn: '10', index: 2 }, closed: false },
  ]);
});

it('of a table without rows nothing is said', async () => {
  const { units, ended } = run([[]]);
  expect(await ended).toBe(true);
  expect(units).toEqual([]);
});

it('ends between two appends when it is told to, and says that it is not done', async () => {
  const controller = new AbortController();
  const units: Unit[] = [];
  const append = async (unit: Unit) => {
    units.push(unit);
    controller.abort();
  };
  const parts = { liveKeys: () => pagesOf(keys(2_500)), encode, append };
  const ended = await emptyTable(parts, truncation, { signal: controller.signal, onAlive: () => undefined });
  expect(ended).toBe(false);
  expect(units).toHaveLength(1);
});

it('a scan that fails is a failure, one that ends because it was told to is not', async () => {
  const controller = new AbortController();
  async function* failing(): AsyncGenerator<readonly Row[]> {
    throw controller.signal.aborted ? controller.signal.reason : new Error('Kafka is gone');
  }
  const parts = { liveKeys: failing, encode, append: async () => undefined };
  const order = { signal: controller.signal, onAlive: () => undefined };
  await expect(emptyTable(parts, truncation, order)).rejects.toThrow('Kafka is gone');
  controller.abort();
  expect(await emptyTable(parts, truncation, order)).toBe(false);
});
