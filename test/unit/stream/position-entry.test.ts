import type { PositionRecord } from '../../../stream/log';
import { positionEntry } from '../../../stream/position-entry';
import { caught } from './caught';

const record: PositionRecord = {
  version: 1,
  logId: 'log',
  systemId: '7',
  timeline: 1,
  position: { lsn: '9', index: 0 },
  closed: true,
  ends: { a: { '0': '5', '1': '6' }, b: { '0': '7' } },
  copies: {},
  committedAt: 1,
};

function entryFor(topics: Record<string, number>, logId = 'log') {
  const partitions = Object.entries(topics).flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  );
  return positionEntry({ record, topic: 'p.positions', offset: 3, at: 4, lane: { logId, topics, partitions } });
}

test('an entry has the ends of the lane, in the order of the lane', () => {
  expect(entryFor({ b: 1, a: 2 })).toMatchObject({ offset: 3, at: 4, ends: [7, 5, 6], closed: true });
});

test('of a table that was added later nothing is on the log yet', () => {
  expect(entryFor({ added: 2 }).ends).toEqual([0, 0]);
});

test('another log, or another number of partitions, is log-replaced', () => {
  expect(caught(() => entryFor({ a: 2 }, 'another'))).toMatchObject({ reason: 'log-replaced' });
  expect(caught(() => entryFor({ a: 3 }))).toMatchObject({ reason: 'log-replaced' });
});
