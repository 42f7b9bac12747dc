import type { EncodedRecord } from '../../../stream/log';
import type { KeyLimits } from '../../../stream/key-set';
import { partitionOf } from '../../../stream/partition';
import { writtenKeys } from '../../../stream/written-keys';
import { LogFixture, closing } from './log-fixture';

jest.setTimeout(120_000);

const partitions = 2;
let log: LogFixture;
let topic: string;
beforeEach(async () => {
  log = await LogFixture.create(['public.a'], partitions);
  topic = `${log.prefix}.public.a`;
});
afterEach(() => log.close());

function record(id: number, value: Buffer | null): EncodedRecord {
  const key = Buffer.from(`{"id":${id}}`);
  return { topic, partition: partitionOf(key, partitions), key, value };
}

/** Ids from 0 on are written, then those below `gone` deleted. */
async function written(count: number, gone: number): Promise<void> {
  const writer = await log.writer();
  const ids = Array.from({ length: count }, (_, id) => id);
  const rows = ids.map((id) => record(id, Buffer.from('row')));
  for (let at = 0; at < count; at += 100) await writer.append(rows.slice(at, at + 100), closing(10 + at));
  const tombstones = ids.slice(0, gone).map((id) => record(id, null));
  if (gone > 0) await writer.append(tombstones, closing(10_000));
  await writer.close();
}

async function pages(limits?: KeyLimits, signal = new AbortController().signal): Promise<number[][]> {
  const found: number[][] = [];
  const options = { kafka: log.kafka(), topic, signal, onAlive: () => undefined, ...(limits ? { limits } : {}) };
  for await (const keys of writtenKeys(options)) {
    found.push(keys.map((key) => (JSON.parse(key.toString()) as { id: number }).id));
  }
  return found;
}

const upFrom = (first: number, count: number) => Array.from({ length: count }, (_, at) => first + at);
const sorted = (ids: readonly number[]) => [...ids].sort((left, right) => left - right);

test('in one page: every key with a row, and none whose tombstone follows', async () => {
  await written(500, 40);
  const found = await pages();
  expect(found).toHaveLength(1);
  expect(sorted(found.flat())).toEqual(upFrom(40, 460));
});

test('in many: every key with a row is among them, each once', async () => {
  await written(500, 40);
  const found = await pages({ keys: 50, bytes: 1 << 20 });
  const ids = found.flat();
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(ids)).toEqual(new Set([...ids, ...upFrom(40, 460)]));
});

test('of a topic that nothing was written to there are none', async () => {
  expect(await pages()).toEqual([]);
});

test('one who is told to end ends, also between two pages', async () => {
  await written(100, 0);
  const ending = new AbortController();
  ending.abort(new Error('that is enough'));
  await expect(pages(undefined, ending.signal)).rejects.toThrow('that is enough');
  const options = { kafka: log.kafka(), topic, signal: new AbortController().signal, onAlive: () => undefined };
  const scan = writtenKeys({ ...options, limits: { keys: 10, bytes: 1 << 20 } });
  await scan.next();
  await expect(scan.return()).resolves.toMatchObject({ done: true });
});
