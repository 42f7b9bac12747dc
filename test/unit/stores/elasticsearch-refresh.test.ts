import { gatherMs, refreshInterval } from '../../../stores/elasticsearch/refresh';

test.each([
  [undefined, '1s', 50],
  ['1s', '1s', 50],
  ['200ms', '200ms', 10],
  ['1m', '1m', 50],
  ['never', '-1', 50],
])('refresh %s: the index has %s, and small batches grow for %i ms', (refresh, interval, ms) => {
  const definition = refresh === undefined ? {} : { refresh };
  expect(refreshInterval(definition)).toBe(interval);
  expect(gatherMs(definition)).toBe(ms);
});
