import type { PositionRecord } from '../../../stream/log';
import { encodePositionRecord, parsePositionRecord, positionKey } from '../../../stream/position-format';
import { caught } from './caught';

const record: PositionRecord = {
  version: 1,
  logId: 'log',
  systemId: '7300000000000000001',
  timeline: 1,
  position: { lsn: '18446744073709551615', index: 0 },
  closed: true,
  ends: { 'shop.public.orders': { '0': '12', '1': '0' } },
  copies: {
    'public.orders': { done: false, after: { id: '5' }, rows: 5 },
    'public.items': { done: true, after: null, rows: 0 },
  },
  committedAt: 1_700_000_000_123,
};

test('the format of position records is pinned', () => {
  // Capture and every lane resume from these. To change the format raise `version`, read both, and pin the new one beside.
  expect(positionKey.toString()).toBe('position');
  expect(encodePositionRecord(record).toString()).toBe(
    '{"version":1,"logId":"log","systemId":"7300000000000000001","timeline":1,' +
      '"position":{"lsn":"18446744073709551615","index":0},"closed":true,"ends":{"shop.public.orders":{"0":"12","1":"0"}},' +
      '"copies":{"public.orders":{"done":false,"after":{"id":"5"},"rows":5},"public.items":{"done":true,"after":null,"rows":0}},' +
      '"committedAt":1700000000123}',
  );
});

test('so is what a sweep and a partitioned table add', () => {
  const copies = { 'public.events': { done: false, after: null, rows: 0, request: 'one', sweep: 'later' as const } };
  const partitionDigests = { 'public.events': { attached: '0123456789abcdef', files: 'fedcba9876543210' } };
  const value = encodePositionRecord({ ...record, copies, partitions: { 'public.events': ['7'] }, partitionDigests });
  expect(value.toString()).toContain(
    '"copies":{"public.events":{"done":false,"after":null,"rows":0,"request":"one","sweep":"later"}},' +
      '"committedAt":1700000000123,"partitions":{"public.events":["7"]},' +
      '"partitionDigests":{"public.events":{"attached":"0123456789abcdef","files":"fedcba9876543210"}}}',
  );
  expect(parsePositionRecord({ offset: '1', value }, 'shop.positions')).toMatchObject({ copies, partitionDigests });
});

test('a record comes back as it was', () => {
  expect(parsePositionRecord({ offset: '1', value: encodePositionRecord(record) }, 'shop.positions')).toEqual(record);
});

test.each<[string, unknown]>([
  ['nothing', null],
  ['another version', { ...record, version: 2 }],
  ['no log', { ...record, logId: '' }],
  ['a system id that is a number', { ...record, systemId: 7 }],
  ['an lsn that is a number', { ...record, position: { lsn: 5, index: 0 } }],
  ['an index below zero', { ...record, position: { lsn: '5', index: -1 } }],
  ['closed as text', { ...record, closed: 'true' }],
  ['ends that are no map', { ...record, ends: { topic: '5' } }],
  ['an end that is a number', { ...record, ends: { topic: { '0': 5 } } }],
  ['a cursor without its state', { ...record, copies: { t: { after: null, rows: 0 } } }],
  ['no commit time', { ...record, committedAt: undefined }],
])('%s is Blocked', (_what, wrong) => {
  const value = wrong === null ? null : Buffer.from(JSON.stringify(wrong));
  expect(caught(() => parsePositionRecord({ offset: '17', value }, 'shop.positions'))).toMatchObject({
    name: 'Blocked',
    reason: 'undecodable',
    message: expect.stringContaining('offset 17 of shop.positions') as string,
  });
});
