import { createChunkSupply } from '../../../../capture/copy/records';
import type { EnvelopeContext } from '../../../../stream/envelope';
import { createHeaderEncoder } from '../../../../stream/producer/records';
import { joined, type RecordSupply, type Send } from '../../../../stream/supply';
import { WrittenBatch } from '../../../../stream/written-batch';
import { tableOf } from './world';

const context: EnvelopeContext = {
  ...{ prefix: 'shop', database: 'shop', partitions: 4 },
  limit: { bytes: 500_000, oversized: 'reference' },
};
const column = (name: string, baseType: string) => ({
  ...{ name, baseType, type: baseType, typeId: 25, notNull: false, generated: false },
});
const table = { ...tableOf('public.items', 3), columns: [column('id', 'int4'), column('note', 'text')], key: ['id'] };
const mostBytes = 20_000;
const form = {
  encodeHeaders: createHeaderEncoder({ logId: Buffer.from('log') }),
  mostBytes,
};

function supplyOf(count: number, { large = -1, note = 'note' } = {}): RecordSupply {
  const rows = Array.from({ length: count }, (_, id) => ({ id, note: id === large ? 'x'.repeat(300_000) : note }));
  const cursor = { done: true, after: null, rows: count };
  const missing = [{ id: count }, { id: count + 1 }];
  const chunk = { table, rows, missing, bytes: count * 8, cursor, readAt: 1_700_000_000_000 };
  return createChunkSupply(chunk, '77', { context, form });
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function allOf(supply: RecordSupply, between: () => Promise<unknown> = async () => undefined): Promise<Send[]> {
  const sends: Send[] = [];
  do {
    await between();
    sends.push(supply.next());
  } while (sends.at(-1)?.last === false);
  return sends;
}

/** Partition → its records in order, whichever send they are in. */
function told(sends: readonly Send[]): Record<number, string[]> {
  const found: Record<number, string[]> = {};
  for (const { places } of sends) {
    for (const [partition, content] of places.get('shop.public.items') ?? []) {
      for (const { key, value } of content) {
        (found[partition] ??= []).push(`${key.toString()} ${value?.toString() ?? 'null'}`);
      }
    }
  }
  return found;
}

it('a chunk is as many sends as its batches need, none of them larger than a batch may be', async () => {
  const supply = supplyOf(1_000);
  const sends = await allOf(supply);
  expect(sends.length).toBeGreaterThan(3);
  const batches = sends.flatMap(({ places }) => [...(places.get('shop.public.items')?.values() ?? [])]);
  for (const batch of batches) {
    expect(batch).toBeInstanceOf(WrittenBatch);
    expect((batch as WrittenBatch).bytes).toBeLessThan(mostBytes);
  }
  expect(Math.max(...batches.map((batch) => (batch as WrittenBatch).bytes))).toBeGreaterThan(0.9 * mostBytes);
  expect(batches.reduce((sum, { length }) => sum + length, 0)).toBe(supply.length);
  expect(supply.length).toBe(1_004);
});

it('what was written ahead is what is written when it is asked for', async () => {
  const begun = supplyOf(1_000, { large: 500 });
  begun.begin();
  const ahead = await allOf(begun, async () => {
    for (let turns = 0; turns < 10; turns += 1) await turn();
  });
  const asked = await allOf(supplyOf(1_000, { large: 500 }));
  expect(told(ahead)).toEqual(told(asked));
  expect(ahead.map(({ last }) => last)).toEqual(asked.map(({ last }) => last));
});

it('a large record is a send of its own, and not copied into a batch', async () => {
  const sends = await allOf(supplyOf(100, { large: 50 }));
  const contents = sends.map(({ places }) => [...(places.get('shop.public.items')?.values() ?? [])]);
  const alone = contents.filter(([first]) => !(first instanceof WrittenBatch));
  expect(alone).toMatchObject([[[{ key: Buffer.from('{"id":50}') }]]]);
});

it('an empty chunk is one send of nothing', async () => {
  const chunk = { table, rows: [], missing: [], bytes: 0, cursor: { done: true, after: null, rows: 0 }, readAt: 1 };
  const sends = await allOf(createChunkSupply(chunk, '77', { context, form }));
  expect(sends).toEqual([{ places: new Map(), last: true }]);
});

it('the next send is written while nobody asks, and no more than that one', async () => {
  let written = 0;
  const rows = Array.from({ length: 1_000 }, (_, id) => ({
    id,
    get note() {
      written += 1;
      return 'note';
    },
  }));
  const chunk = { table, rows, missing: [], bytes: 0, cursor: { done: true, after: null, rows: 0 }, readAt: 1 };
  const supply = createChunkSupply(chunk, '77', { context, form });
  for (let turns = 0; turns < 20; turns += 1) await turn();
  expect(written).toBe(0);
  supply.begin();
  for (let turns = 0; turns < 20; turns += 1) await turn();
  const first = written;
  expect(first).toBeGreaterThan(50);
  expect(first).toBeLessThan(500);
  const { places } = supply.next();
  expect([...(places.values().next().value?.values() ?? [])].reduce((sum, { length }) => sum + length, 0)).toBeLessThan(
    first,
  );
  expect(written).toBe(first);
  for (let turns = 0; turns < 20; turns += 1) await turn();
  expect(written).toBeGreaterThan(first + 50);
});

it('several chunks are one, in their order, the next begun when the last send of one is taken', async () => {
  const chunks = [supplyOf(300), supplyOf(200, { note: 'second' }), supplyOf(100, { note: 'third' })];
  const together = joined(chunks);
  expect(together.length).toBe(612);
  const sends = await allOf(together);
  expect(sends.map(({ last }) => last)).toEqual([...Array<boolean>(sends.length - 1).fill(false), true]);
  const alone = [
    ...(await allOf(supplyOf(300))),
    ...(await allOf(supplyOf(200, { note: 'second' }))),
    ...(await allOf(supplyOf(100, { note: 'third' }))),
  ];
  expect(told(sends)).toEqual(told(alone));
});

it('what cannot be written is told to who asks for it', async () => {
  const rows = [{ id: 1, note: 'x'.repeat(600_000) }];
  const chunk = { table, rows, missing: [], bytes: 0, cursor: { done: true, after: null, rows: 0 }, readAt: 1 };
  const refused = { ...context, limit: { bytes: 500_000, oversized: 'block' as const } };
  const supply = createChunkSupply(chunk, '77', { context: refused, form });
  supply.begin();
  await turn();
  expect(() => supply.next()).toThrow('500000');
});
