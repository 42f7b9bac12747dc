import { createForeseen, landedAsForeseen, type Counts } from '../../../stream/foreseen';

const items = 'shop.items';
const counts = (partitions: Record<number, number>): Counts =>
  new Map([[items, new Map(Object.entries(partitions).map(([partition, count]) => [Number(partition), count]))]]);
const ends = { [items]: { '0': '10', '1': '20' }, 'shop.others': { '0': '7' } };
const nothing: ReadonlySet<string> = new Set();

test('of a partition nobody has written to yet nothing is foreseen', () => {
  const foreseen = createForeseen();
  expect(foreseen.after({ ends, counts: counts({ 0: 1 }), sentBefore: nothing })).toBeNull();
  foreseen.committed(new Set(['shop.items/0']), ends);
  expect(foreseen.after({ ends, counts: counts({ 0: 1, 1: 1 }), sentBefore: nothing })).toBeNull();
});

test('behind a commit stands its marker, in the partitions it was made in and in no other', () => {
  const foreseen = createForeseen();
  foreseen.committed(new Set(['shop.items/0', 'shop.items/1']), ends);
  foreseen.committed(new Set(['shop.items/1']), { ...ends, [items]: { '0': '10', '1': '25' } });
  const after = foreseen.after({
    ends: { ...ends, [items]: { '0': '10', '1': '25' } },
    ...{ counts: counts({ 0: 3, 1: 2 }), sentBefore: nothing },
  });
  expect(after).toEqual({ ...ends, [items]: { '0': '14', '1': '28' } });
});

test('between two sends of one transaction there is none, and what the first has found out is enough', () => {
  const foreseen = createForeseen();
  const after = foreseen.after({ ends, counts: counts({ 0: 3 }), sentBefore: new Set(['shop.items/0']) });
  expect(after).toEqual({ ...ends, [items]: { '0': '13', '1': '20' } });
});

test('what landed elsewhere is told from what landed as foreseen', () => {
  expect(landedAsForeseen(ends, { 'shop.others': { '0': '7' }, [items]: { '1': '20', '0': '10' } })).toBe(true);
  expect(landedAsForeseen(ends, { ...ends, [items]: { '0': '11', '1': '20' } })).toBe(false);
});
