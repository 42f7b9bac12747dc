import fc from 'fast-check';
import { bisect } from '../../../stores/bisect';

/** A store that refuses what is marked, and counts how often it is asked. */
function asked(bad: ReadonlySet<number>) {
  const asks: (readonly number[])[] = [];
  const ask = (part: readonly number[]) => {
    asks.push(part);
    return Promise.resolve(part.some((each) => bad.has(each)) ? 'refused' : null);
  };
  return { ask, asks };
}

const cases = fc
  .integer({ min: 1, max: 500 })
  .chain((count) =>
    fc.tuple(fc.constant(count), fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { minLength: 1 })),
  );
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

test('names exactly what is refused, in order, each asked for alone', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ([count, refused]) => {
      const { ask, asks } = asked(new Set(refused));
      const found = await bisect(upTo(count), ask, Infinity);
      expect(found.map(({ item }) => item)).toEqual([...refused].sort((a, b) => a - b));
      for (const { item } of found) expect(asks).toContainEqual([item]);
    }),
  );
});

test('asks about 2·k·log2(n/k) times, and never more than the limit asks for', async () => {
  await fc.assert(
    fc.asyncProperty(cases, fc.integer({ min: 1, max: 20 }), async ([count, refused], limit) => {
      const { ask, asks } = asked(new Set(refused));
      const found = await bisect(upTo(count), ask, limit);
      const wanted = Math.min(limit, refused.length);
      expect(found).toHaveLength(wanted);
      expect(asks.length).toBeLessThanOrEqual(2 * wanted * (Math.log2(count / wanted) + 2) + 2 * Math.log2(count) + 2);
    }),
  );
});

test('where parts pass and only the whole does not, nobody is named', async () => {
  const ask = (part: readonly number[]) => Promise.resolve(part.length === 8 ? 'refused' : null);
  expect(await bisect(upTo(8), ask, 3)).toEqual([]);
});
