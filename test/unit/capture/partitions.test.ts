import { digestOf, movesOf, noMoves, type Partitions } from '../../../capture/partitions';

const partition = (name: string, attached = '700', file = '1') => ({ name, attached, file });
const before: Partitions = { '9': partition('a'), '10': partition('b') };
const ids = ['9', '10'];
const digest = digestOf(before);

describe.each([
  ['by one who saw them', { partitions: before }],
  ['by their digest', { ids, digest }],
])('what became of partitions, told %s', (how, known) => {
  const name = (one: string) => (how === 'by one who saw them' ? one : 'of unknown name');

  it.each<[string, Partitions, readonly string[], readonly string[]]>([
    ['nothing', before, [], []],
    ['another one came', { ...before, '11': partition('c') }, [], []],
    ['one was attached again', { ...before, '10': partition('b', '800') }, ['b'], []],
    ['one has another file', { ...before, '10': partition('b', '700', '2') }, [], ['b']],
    ['one was attached again, with another file', { ...before, '10': partition('b', '800', '2') }, ['b'], []],
    ['all are others', { '12': partition('d') }, [], []],
  ])('%s', (_what, now, returned, rewritten) => {
    expect(movesOf(known, now)).toEqual({ returned: returned.map(name), rewritten: rewritten.map(name) });
  });
});

it('when one is gone, a digest says nothing of the others: they count as attached again', () => {
  const now = { '9': partition('a') };
  expect(movesOf({ partitions: before }, now)).toEqual(noMoves);
  expect(movesOf({ ids, digest }, now)).toEqual({ returned: ['of unknown name'], rewritten: [] });
});

it('of a log that kept no digest nothing is said', () => {
  expect(movesOf({ ids, digest: null }, { '9': partition('a', '800', '2') })).toEqual(noMoves);
  expect(movesOf(null, before)).toEqual(noMoves);
});
