import { KeySet, type Bucket, type KeyLimits } from '../../../stream/key-set';

const value = Buffer.from('{}');
const key = (n: number) => Buffer.from(`{"id":${n}}`);
const unlimited: KeyLimits = { keys: Infinity, bytes: Infinity };
const all: Bucket = { modulus: 1, remainder: 0 };

type Record = { readonly key: Buffer | null; readonly value: Buffer | null };

/** Every pass over the same records, as the scan of a topic does it. */
function passes(records: readonly Record[], limits: KeyLimits) {
  const pages: string[][] = [];
  const waiting = [all];
  for (let bucket = waiting.pop(); bucket; bucket = waiting.pop()) {
    const found = new KeySet(bucket, limits);
    let most = 0;
    for (const record of records) {
      found.add(record);
      most = Math.max(most, found.keys.size);
    }
    expect(most).toBeLessThanOrEqual(Math.max(1, limits.keys));
    pages.push([...found.keys]);
    waiting.push(...found.left);
  }
  return pages;
}

test('the keys whose last record holds a row are live', () => {
  const found = new KeySet(all, unlimited);
  const records: Record[] = [
    { key: key(1), value },
    { key: key(2), value },
    { key: key(1), value },
    { key: key(2), value: null },
    { key: key(3), value: null }, // compaction took what stood before it
    { key: key(4), value },
    { key: key(4), value: null },
    { key: key(4), value },
    { key: null, value },
  ];
  for (const record of records) found.add(record);
  expect([...found.keys]).toEqual(['{"id":1}', '{"id":4}']);
  expect(found.left).toEqual([]);
});

test.each([7, 100, 5_000])('with room for %d keys, passes together find each key once', (keys) => {
  const live = Array.from({ length: 300 }, (_, n) => ({ key: key(n), value }));
  const gone = live.filter((_, n) => n % 3 === 0).map((record) => ({ ...record, value: null }));
  const pages = passes([...live, ...gone], { keys, bytes: Infinity });
  const expected = live.filter((_, n) => n % 3 !== 0).map((record) => record.key.toString());
  expect(pages.flat().sort()).toEqual(expected.sort());
  expect(pages.length > 1).toBe(keys < 200);
});

test('bytes are a limit too, and one key larger than it is found all the same', () => {
  const records = [1, 2, 3].map((n) => ({ key: Buffer.alloc(1_000, String(n)), value }));
  const pages = passes(records, { keys: 100, bytes: 10 });
  expect(pages.flat().sort()).toEqual(records.map((record) => record.key.toString()));
  expect(pages.every((page) => page.length <= 1)).toBe(true);
});
