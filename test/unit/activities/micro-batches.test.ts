import { MicroBatches } from '../../../activities/micro-batches';
import type { Admitted } from '../../../activities/version-guard';
import { createMapping } from '../../../model/mapping';
import { parsePipeline } from '../../../model/pipeline';
import { encodeChange } from '../../../stream/envelope';
import type { FetchedRecord, LaneReader, LogBatch } from '../../../stream/log';

const pipeline = parsePipeline({
  name: 'shop',
  source: { url: { env: 'URL' }, tables: ['public.orders'] },
  stores: { replica: { type: 'postgres', url: { env: 'URL' }, schema: 'shop', tables: { 'public.orders': {} } } },
});
const definition = pipeline.stores['replica'];
if (!definition) throw new Error('the pipeline of this test has no replica');
const mapping = createMapping(definition);

function record(offset: number, id: number): FetchedRecord {
  const [encoded] = encodeChange(
    {
      ...{ table: 'public.orders', operation: 'create', key: { id: String(id) }, before: null },
      ...{ after: { id: String(id), total: offset }, position: { lsn: '1', index: offset }, schemaId: null },
      transaction: { xid: 1, committedAt: 1 },
    },
    { prefix: 'shop', database: 'shop', partitions: 1 },
  );
  if (!encoded) throw new Error('nothing encoded');
  return { topic: 'shop.public.orders', partition: 0, offset: String(offset), key: encoded.key, value: encoded.value };
}

/** So many writes of two rows, and one that is not an envelope in their middle. */
function hotPiece(records: number): LogBatch {
  const all = Array.from({ length: records }, (_, offset) => record(offset, offset % 2));
  const middle = all[records / 2];
  if (middle) all[records / 2] = { ...middle, value: Buffer.from('{}') };
  return { records: all, next: {}, closed: true, position: { lsn: '1', index: 0 }, positionAt: 1 };
}

function batchesOf(
  pieces: readonly LogBatch[],
  poisoned: string[],
  { shapes = new Map(), asRows = false }: { shapes?: Admitted['shapes']; asRows?: boolean } = {},
): MicroBatches {
  const left = [...pieces];
  const reader: LaneReader = {
    logId: 'log',
    seek: () => Promise.resolve(),
    next: () => Promise.resolve(left.shift() ?? null),
    ahead: () => ({ caughtUp: true, records: 0, oldestAt: null }),
    close: () => Promise.resolve(),
  };
  const guard = {
    admitted: () => ({ columns: null, shapes }),
    admit: () => Promise.reject(new Error('no')),
  };
  const absent = { complete: () => Promise.reject(new Error('no')) };
  return new MicroBatches({ reader, guard, absent }, mapping, undefined, (reason) => poisoned.push(reason) > 0, asRows);
}

const { signal } = new AbortController();

test.each([
  ['once it was seen that rows are written again and again, only their last records are decoded', true, [1, 0]],
  ['where records are parked, each of them is', false, [1, 1]],
])('%s', async (_, lastOnly, poison) => {
  const poisoned: string[] = [];
  const batches = batchesOf([hotPiece(40), hotPiece(40)], poisoned);
  batches.lastOnly = lastOnly;
  for (const expected of poison) {
    poisoned.length = 0;
    const batch = await batches.next(signal);
    expect(batch?.mutations.map(({ document }) => document)).toEqual([
      { id: '0', total: 38 },
      { id: '1', total: 39 },
    ]);
    expect(batch?.records).toHaveLength(40);
    expect(poisoned).toHaveLength(expected);
  }
});

test('the text of a row goes along, and not where the generation holds the table in another shape', async () => {
  const piece = (): LogBatch => ({ ...hotPiece(4), records: [record(0, 1), record(1, 2)] });
  const textsOf = async (shapes?: Admitted['shapes']) => {
    const batch = await batchesOf([piece()], [], { asRows: true, ...(shapes ? { shapes } : {}) }).next(signal);
    return batch?.mutations.map(({ document, row }) => [document, row?.text]);
  };
  // The first row of a topic is the one by which the next are read.
  expect(await textsOf()).toEqual([
    [{ id: '1', total: 0 }, undefined],
    [{ id: '2', total: 1 }, '{"id":"2","total":1}'],
  ]);
  expect(await textsOf(new Map([['orders', { taken: ['id'], empty: ['note'] }]]))).toEqual([
    [{ id: '1', note: null }, undefined],
    [{ id: '2', note: null }, undefined],
  ]);
});
