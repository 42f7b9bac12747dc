import type { PositionRecord } from '../../../stream/log';
import { createPositionDecoder, createPositionEncoder } from '../../../stream/position-changes';
import { changesKey, encodePositionRecord, parsePositionRecord, positionKey } from '../../../stream/position-format';
import { caught } from './caught';
import { seededRandom } from './seeded-random';

const topic = 'shop.positions';
const tables = (count: number) => Array.from({ length: count }, (_, at) => `public.t${at}`);

function recordOf(count: number, over: Partial<PositionRecord> = {}): PositionRecord {
  return {
    ...{ version: 1, logId: 'log', systemId: '7300000000000000001', timeline: 1 },
    ...{ position: { lsn: '100', index: 0 }, closed: true, committedAt: 1_700_000_000_123 },
    ends: Object.fromEntries(tables(count).map((table) => [`shop.${table}`, { '0': '5', '1': '7' }])),
    copies: Object.fromEntries(tables(count).map((table) => [table, { done: true, after: null, rows: 3 }])),
    schemas: Object.fromEntries(tables(count).map((table) => [table, '0123456789abcdef'])),
    ...over,
  };
}

const changed = ({ ends }: PositionRecord, count: number) =>
  Object.fromEntries(Object.entries(ends).map(([topic, own], at) => [topic, at < count ? { ...own, '0': '9' } : own]));

/** A writer and its log: what was committed, at every second offset, as commit markers take the others. */
function world() {
  const encoder = createPositionEncoder();
  const log: { key: Buffer; value: Buffer; offset: string }[] = [];
  const append = (record: PositionRecord, tells = true) => {
    const offset = String(log.length * 2);
    log.push({ ...encoder.encode(record), offset });
    encoder.committed(tells ? offset : null);
  };
  return { log, append };
}

test('the format of a record that says what has changed is pinned', () => {
  const { log, append } = world();
  const first = recordOf(40);
  append(first);
  const ends = { ...first.ends, 'shop.public.t3': { '0': '6', '1': '7' } };
  append({ ...first, ends, position: { lsn: '200', index: 4 }, closed: false, messages: true });
  expect(log.map(({ key }) => key)).toEqual([positionKey, changesKey]);
  // Lanes and capture resume from these. To change the format raise `version`, read all of them, and pin the new one beside.
  expect(log[1]?.value.toString()).toBe(
    '{"version":2,"logId":"log","systemId":"7300000000000000001","timeline":1,' +
      '"position":{"lsn":"200","index":4},"closed":false,"committedAt":1700000000123,"messages":true,' +
      '"ends":{"shop.public.t3":{"0":"6","1":"7"}},"copies":{},"since":"0"}',
  );
});

test('a log of few tables has whole records only', () => {
  const { log, append } = world();
  for (let at = 0; at < 5; at += 1) append(recordOf(31, { position: { lsn: String(at), index: 0 } }));
  expect(new Set(log.map(({ key }) => key.toString()))).toEqual(new Set(['position']));
});

test.each<[string, (first: PositionRecord) => PositionRecord]>([
  ['more than a quarter of all has changed', (first) => ({ ...first, ends: changed(first, 11) })],
  ['something is gone', (first) => ({ ...first, partitions: {} })],
])('a record is whole where %s', (_what, next) => {
  const { log, append } = world();
  const first = recordOf(40, { partitions: { 'public.t1': ['7'] } });
  append(first);
  append(next(first));
  expect(log.map(({ key }) => key.toString())).toEqual(['position', 'position']);
});

test('a record of changes names a quarter of all at most', () => {
  const { log, append } = world();
  const first = recordOf(40);
  append(first);
  append({ ...first, ends: changed(first, 10) });
  expect(log.map(({ key }) => key.toString())).toEqual(['position', 'changes']);
});

test('nothing builds upon a record whose place is not known', () => {
  const { log, append } = world();
  append(recordOf(40), false);
  append(recordOf(40));
  append(recordOf(40));
  expect(log.map(({ key }) => key.toString())).toEqual(['position', 'position', 'changes']);
});

test('whatever capture writes comes back as it was, read from any record on once a whole one has come', () => {
  const random = seededRandom();
  const { log, append } = world();
  const count = 50;
  // Altered in place from append to append, as capture has them.
  const schemas: Record<string, string> = { ...recordOf(count).schemas };
  const partitionDigests: Record<string, { attached: string; files: string }> = {};
  let record = recordOf(count, { schemas, partitionDigests });
  const written: string[] = [];
  for (let at = 0; at < 400; at += 1) {
    const table = `public.t${random.below(count + 2)}`;
    if (random.below(10) === 0) schemas[table] = String(at);
    if (random.below(10) === 0) partitionDigests[table] = { attached: String(at), files: String(random.below(5)) };
    record = {
      ...record,
      position: { lsn: String(at), index: random.below(3) },
      closed: random.below(2) === 0,
      ends: { ...record.ends, [`shop.${table}`]: { '0': String(at), '1': '7' } },
      ...(random.below(5) === 0
        ? { copies: { ...record.copies, [table]: { done: false, after: { id: at }, rows: at } } }
        : {}),
    };
    const said = { ...record, ...(random.below(2) === 0 ? { described: true as const } : {}) };
    append(said);
    written.push(JSON.stringify(sorted(said)));
  }
  const kinds = log.map(({ key }) => key.toString());
  expect(kinds.filter((kind) => kind === 'changes').length).toBeGreaterThan(200);
  expect(kinds.filter((kind) => kind === 'position').length).toBeGreaterThan(400 / 33);
  for (const from of [0, 1, 2, 37, 200, 399]) {
    const decoder = createPositionDecoder(topic);
    const whole = kinds.indexOf('position', from);
    for (const [index, message] of log.entries()) {
      if (index < from) continue;
      const read = decoder.read(message);
      expect(read.version).toBe(whole >= 0 && index >= whole ? 1 : 2);
      if (read.version === 1) expect(JSON.stringify(sorted(read))).toBe(written[index]);
    }
  }
  const bytes = (kind: string) =>
    log.filter(({ key }) => key.toString() === kind).reduce((sum, { value }) => sum + value.length, 0);
  expect(bytes('changes') / kinds.filter((kind) => kind === 'changes').length).toBeLessThan(3_000);
});

test('what builds upon another whole record than the last one read is not put together', () => {
  const { log, append } = world();
  for (let at = 0; at < 40; at += 1) append(recordOf(40, { position: { lsn: String(at), index: 0 } }));
  const [first] = log;
  const second = log.findIndex(({ key }, at) => at > 0 && key.equals(positionKey));
  const behind = log[second + 1];
  if (!first || !behind) throw new Error('there are too few records for this test');
  const decoder = createPositionDecoder(topic);
  decoder.read(first);
  expect(decoder.read(behind)).toMatchObject({ version: 2, since: String(second * 2) });
});

test('a record of changes that does not say since when is Blocked', () => {
  const value = Buffer.from(JSON.stringify({ ...recordOf(1), version: 2 }));
  expect(caught(() => parsePositionRecord({ offset: '3', value }, topic))).toMatchObject({ reason: 'undecodable' });
  expect(parsePositionRecord({ offset: '3', value: encodePositionRecord(recordOf(1)) }, topic).version).toBe(1);
});

/** Independent of the order in which properties were set. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}
