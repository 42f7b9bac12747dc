import { copyOrder } from '../../../../capture/copy/order';

const tables = [
  { name: 'large', estimatedRows: 1_000_000 },
  { name: 'unknown', estimatedRows: -1 },
  { name: 'small', estimatedRows: 10 },
  { name: 'empty', estimatedRows: 0 },
  { name: 'also small', estimatedRows: 10 },
];
const names = (cursors: Parameters<typeof copyOrder>[1]) => copyOrder(tables, cursors).map(({ name }) => name);

it('the smallest first, the largest last, and behind it what was never analysed', () => {
  expect(names({})).toEqual(['empty', 'small', 'also small', 'large', 'unknown']);
});

it('what is begun is finished first, whatever its size is by now', () => {
  expect(names({ large: { done: false, after: { id: 7 }, rows: 7 } })[0]).toBe('large');
});

it('a table that is done, or has been given a cursor and no row yet, keeps its place', () => {
  const cursors = {
    large: { done: true, after: { id: 7 }, rows: 7 },
    unknown: { done: false, after: null, rows: 0, request: 'a' },
  };
  expect(names(cursors)).toEqual(names({}));
});
