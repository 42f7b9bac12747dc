import { gatherFor, gatherMs } from '../../../capture/gather';

test.each([
  ['a source that sends as fast as it is read', { hurried: true, enough: false, restedMs: 5 }, gatherMs - 5],
  ['one that is read faster than it sends', { hurried: false, enough: false, restedMs: 5 }, 0],
  ['a unit that is full', { hurried: true, enough: true, restedMs: 5 }, 0],
  ['an append that is due', { hurried: true, enough: false, restedMs: gatherMs + 1 }, 0],
  ['the first one', { hurried: true, enough: false, restedMs: Infinity }, 0],
])('%s', (_name, state, ms) => expect(gatherFor(state)).toBe(ms));
