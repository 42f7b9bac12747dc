import {
  describeKeyBytes,
  encodeFreed,
  encodeParked,
  keyIdOf,
  parseParked,
  type ParkedRecord,
} from '../../../stream/parked-format';

const key = Buffer.from('{"id":5,"name":"secret"}');
const record = {
  topic: 'shop.public.orders',
  partition: 2,
  offset: '9007199254740993',
  key,
  value: Buffer.from([1, 255]),
};
const parked: ParkedRecord = {
  record,
  facts: {
    ...{ logId: 'log', generation: 3, topic: record.topic, partition: 2, offset: record.offset },
    ...{
      table: 'public.orders',
      keyId: keyIdOf(record),
      key: describeKeyBytes(key),
      reason: 'unstorable',
      message: 'm',
    },
    ...{ parkedAt: 1, attempts: 1, triedAt: 2 },
  },
};

/**
 * Persistent: what was parked by one version is freed by a later one. A change of it needs a new `version`, and a parser
 * that goes on reading this one.
 */
test('tripwire: a parked record on its topic', () => {
  const encoded = encodeParked('shop.search.parked', parked);
  expect({ ...encoded, headers: undefined, key: encoded.key.toString() }).toEqual({
    ...{ topic: 'shop.search.parked', partition: 0, headers: undefined },
    ...{ key: '3|shop.public.orders|2|9007199254740993', value: record.value },
  });
  expect(encoded.headers?.['key']).toEqual(key);
  expect(encoded.headers?.['parked']?.toString()).toBe(
    '{"version":1,"logId":"log","generation":3,"topic":"shop.public.orders","partition":2,"offset":"9007199254740993",' +
      '"table":"public.orders","keyId":"c7b28cd71248","key":"id = 5, name = (a text of 6 characters)","reason":"unstorable",' +
      '"message":"m","parkedAt":1,"attempts":1,"triedAt":2}',
  );
});

test('comes back byte by byte; what frees it names the same place', () => {
  const { headers, ...encoded } = encodeParked('t', parked);
  expect(parseParked({ ...encoded, offset: '0', headers }, 't')).toEqual({ id: encoded.key.toString(), parked });
  const freed = encodeFreed('t', parked.facts);
  expect(parseParked({ ...freed, offset: '1' }, 't')).toEqual({ id: encoded.key.toString(), parked: null });
});

test.each([
  ['without facts', { headers: {} }],
  ['of a later version', { headers: { parked: Buffer.from('{"version":2}') } }],
  ['under another key', { key: Buffer.from('4|t|0|0') }],
  ['without a key', { key: null, value: null }],
])('%s it is Blocked, since nobody would know which row to hold back', (_, change) => {
  const { headers, ...encoded } = encodeParked('t', parked);
  expect(() => parseParked({ ...encoded, offset: '7', headers, ...change }, 't')).toThrow(/offset 7 of t/);
});
