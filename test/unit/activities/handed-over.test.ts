import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { HandedOver } from '../../../activities/handed-over';
import type { MicroBatch } from '../../../activities/micro-batches';
import { pieces } from './lane-world';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

/** Batches as a slice has them: three records' worth of the log, the last of them closed. */
const batches = (): MicroBatch[] =>
  pieces([false, false, true]).map((piece) => ({ ...piece, mutations: [], each: [], sources: [], poison: [] }));

test('what the store holds open is counted until the batch that makes it durable', () => {
  const handed = new HandedOver();
  const [first, second, third] = batches();
  if (!first || !second || !third) throw new Error('three batches were made');
  for (const batch of [first, second, third]) handed.add(batch, Promise.resolve());
  expect(handed.inHand).toMatchObject({ records: 3 });
  handed.isDurable(second);
  expect(handed.inHand).toMatchObject({ records: 1 });
  handed.isDurable(third);
  expect(handed.inHand).toBeNull();
});

/** Whether the first batch is still in memory once the store has answered for it and holds it open. */
async function isKept(handed: HandedOver, keep: (batch: MicroBatch) => void): Promise<boolean> {
  const reference = (() => {
    const [batch] = batches();
    if (!batch) throw new Error('a batch was made');
    handed.add(batch, Promise.resolve());
    keep(batch);
    return new WeakRef(batch);
  })();
  await handed.settle();
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  return reference.deref() !== undefined;
}

test('rows of a transaction that the store holds open are not kept (Invariant 10)', async () => {
  const handed = new HandedOver();
  expect(await isKept(handed, () => undefined)).toBe(false);
  expect(handed.inHand).toMatchObject({ records: 1 });
});

test('control: whoever keeps the batch is found out', async () => {
  const kept: MicroBatch[] = [];
  expect(await isKept(new HandedOver(), (batch) => kept.push(batch))).toBe(true);
  expect(kept).toHaveLength(1);
});
