import { mappingHash } from '../../../activities/generation';
import type { Offsets } from '../../../model/offsets';
import { parsePipeline } from '../../../model/pipeline';
import { isBelow, shareOf } from '../../../stores/postgres/parallel';

const at = (positions: number, first: number, second: number): Offsets => ({
  'shop.positions': { 0: String(positions) },
  'shop.public.orders': { 0: String(first), 1: String(second) },
});

test.each<[Offsets, Offsets, boolean]>([
  [{}, at(1, 1, 0), true],
  [at(1, 1, 0), {}, false],
  [at(1, 9, 0), at(1, 9, 0), false],
  [at(1, 9, 0), at(2, 10, 0), true],
  [at(2, 10, 0), at(1, 9, 0), false],
  // Within one transaction the positions topic does not move, and a partition may not.
  [at(1, 9, 3), at(1, 9, 4), true],
])('%j is below %j: %s', (left, right, expected) => expect(isBelow(left, right)).toBe(expected));

// Pinned: a generation that is half written goes on with the shares it was begun with.
test('a document stays in its share, and shares are about equal', () => {
  expect(['accounts/1', 'accounts/2', 'lines/7/a', ''].map((id) => shareOf(id, 4))).toEqual([1, 0, 2, 1]);
  const counts = [0, 0, 0, 0];
  for (let id = 0; id < 40_000; id += 1)
    counts[shareOf(`entries/${id}`, 4)] = (counts[shareOf(`entries/${id}`, 4)] ?? 0) + 1;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

test('the number of shares is part of what a generation is', () => {
  const definition = (over: object) =>
    parsePipeline({
      name: 'shop',
      source: { url: { env: 'URL' }, tables: ['public.orders'] },
      stores: {
        replica: { type: 'postgres', url: { env: 'URL' }, schema: 's', tables: { 'public.orders': {} }, ...over },
      },
    }).stores['replica'];
  const hashes = [{}, { parallel: 2 }, { parallel: 4 }].map((over) => {
    const found = definition(over);
    return found && mappingHash(found);
  });
  expect(new Set(hashes).size).toBe(3);
});
