import fc from 'fast-check';
import type { Mapped } from '../../../../activities/micro-batches';
import { sift } from '../../../../activities/parking/sift';
import { PoisonRecord } from '../../../../model/errors';
import type { Mutation } from '../../../../model/mutation';
import { rowOf } from '../../../../stream/parked-format';
import type { FetchedRecord } from '../../../../stream/log';

interface Written {
  readonly key: number;
  readonly broken: boolean;
  readonly refused: boolean;
}

const error = new PoisonRecord('unmappable', 'm');
const record = (key: number, offset: number): FetchedRecord => ({
  ...{ topic: 't', partition: 0, offset: String(offset) },
  ...{ key: Buffer.from(String(key)), value: Buffer.from('v') },
});

function mapped(log: readonly Written[]) {
  const batch: { each: Mutation[]; sources: FetchedRecord[]; poison: Mapped['poison'][number][] } = {
    ...{ each: [], sources: [], poison: [] },
  };
  const refused = new Map<Mutation, PoisonRecord>();
  for (const [at, { key, broken, refused: no }] of log.entries()) {
    const source = record(key, at);
    if (broken) {
      batch.poison.push({ source, error, at: batch.each.length });
      continue;
    }
    const mutation = { id: String(key), target: 't', key: { key }, document: { at }, version: String(at) };
    batch.each.push(mutation);
    batch.sources.push(source);
    // A store only sees, and can only refuse, the last one of a row.
    if (no && !log.slice(at + 1).some((later) => later.key === key)) refused.set(mutation, error);
  }
  return { batch, refused };
}

const logs = fc.array(
  fc.record({
    key: fc.integer({ min: 0, max: 4 }),
    broken: fc.boolean().map((one) => one),
    refused: fc.boolean(),
  }),
  { maxLength: 30 },
);

const rowOfKey = (key: number) => rowOf(record(key, 0));

test('every record goes one way: applied with none of its row set aside before it, or set aside in the order of its row', () => {
  fc.assert(
    fc.property(logs, fc.uniqueArray(fc.integer({ min: 0, max: 4 })), (log, parked) => {
      const { batch, refused } = mapped(log);
      const rows = new Set(parked.map(rowOfKey));
      const { mutations, aside } = sift(batch, (row) => rows.has(row), refused);
      const asideAt = aside.map(({ record: { offset } }) => Number(offset));
      expect(new Set(asideAt).size).toBe(asideAt.length);
      for (const key of [0, 1, 2, 3, 4]) {
        const all = log.flatMap((each, at) => (each.key === key ? [at] : []));
        const out = asideAt.filter((at) => log[at]?.key === key);
        expect(out).toEqual([...out].sort((a, b) => a - b));
        // What is set aside is the row's end: nothing of it is applied behind.
        expect(out).toEqual(all.slice(all.length - out.length));
        if (rows.has(rowOfKey(key))) expect(out).toEqual(all);
        const applied = mutations.filter(({ id }) => id === String(key));
        const kept = all.slice(0, all.length - out.length);
        expect(applied.map(({ version }) => Number(version))).toEqual(kept.slice(-1));
      }
    }),
  );
});

test('control: were rows that are parked forgotten, a later change of one would overtake it', () => {
  const { batch } = mapped([{ key: 1, broken: false, refused: false }]);
  expect(sift(batch, (row) => row === rowOfKey(1)).mutations).toEqual([]);
  expect(sift(batch, () => false).mutations).toHaveLength(1);
});

test('a record that became several documents, one of them refused, is set aside once, with the reason', () => {
  const { batch } = mapped([{ key: 1, broken: false, refused: false }]);
  const [first] = batch.each;
  if (!first) throw new Error('nothing mapped');
  const second = { ...first, id: 'other' };
  const both = { ...batch, each: [first, second], sources: [batch.sources[0], batch.sources[0]] as FetchedRecord[] };
  const { mutations, aside } = sift(both, () => false, new Map([[second, error]]));
  expect({ mutations, aside }).toEqual({ mutations: [], aside: [{ record: batch.sources[0], error }] });
});
