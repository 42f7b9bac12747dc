import { advanced, begunAgain, leftOut, sweptOf, widened } from '../../../../capture/copy/steps';
import type { CopyExtent } from '../../../../capture/table-change';
import type { CopyCursor } from '../../../../stream/log';
import { tableOf } from './world';

const done: CopyCursor = { done: true, after: { id: 9 }, rows: 9, request: 'earlier' };
const midway: CopyCursor = { ...done, done: false };
const sweeping: CopyCursor = { ...midway, sweep: 'now' };
const start = { done: false, after: null, rows: 0 };

it.each<[string, CopyCursor, CopyExtent, CopyCursor]>([
  ['rows, once they are copied', done, 'rows', { ...start, request: 'now' }],
  ['both', done, 'both', { ...start, request: 'now', sweep: 'later' }],
  ['keys alone: the rows stay copied', done, 'keys', { ...midway, request: 'now', sweep: 'now' }],
  ['keys in the middle of a copy, which goes on behind', midway, 'keys', { ...midway, request: 'now', sweep: 'later' }],
  ['keys while they are looked for', sweeping, 'keys', { ...sweeping, request: 'now' }],
  ['rows while keys are looked for: they still are', sweeping, 'rows', { ...start, request: 'now', sweep: 'later' }],
  ['keys of a table never begun', start, 'keys', { ...start, request: 'now', sweep: 'later' }],
])('begins again: %s', (_what, before, extent, after) => {
  expect(begunAgain(before, { extent, request: 'now' })).toEqual(after);
});

it('keeps the name of the last order when nobody ordered it', () => {
  expect(begunAgain(done, { extent: 'rows', request: undefined }).request).toBe('earlier');
});

it('behind its last row a table is swept, and behind its sweep it is done', () => {
  expect(sweptOf(sweeping)).toEqual(done);
  const page = (last: boolean) => ({ ...{ rows: [], missing: [], answered: 0, bytes: 0, ms: 1 }, last });
  const after = (before: CopyCursor, last: boolean) =>
    advanced(before, tableOf('public.a', 9), { ...page(last), snapshot: { xmax: 1n, xip: [] }, writtenBelow: '0' });
  expect(after({ ...midway, sweep: 'later' }, false)).toEqual({ ...midway, sweep: 'later' });
  expect(after({ ...midway, sweep: 'later' }, true)).toEqual(sweeping);
  expect(after(midway, true)).toEqual(done);
});

it('of tables that are not captured now everything is outstanding, of the others nothing is said', () => {
  const [a, b, c] = ['public.a', 'public.b', 'public.c'];
  expect(leftOut({ [a]: done, [b]: done, [c]: sweeping }, [tableOf(b, 9)])).toEqual({
    [a]: { ...start, request: 'earlier', sweep: 'later' },
    [c]: { ...start, request: 'earlier', sweep: 'later' },
  });
});

it('two orders of one table are one', () => {
  expect([
    widened('rows', undefined),
    widened('rows', 'rows'),
    widened('rows', 'keys'),
    widened('keys', 'both'),
  ]).toEqual(['rows', 'rows', 'both', 'both']);
});
