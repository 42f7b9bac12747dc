import type { Change, Outcome, Row } from '../../../model/change';
import { decodeChange, encodeChange } from '../../../stream/envelope';
import type { FetchedRecord } from '../../../stream/log';
import { createOutcomeDecoder } from '../../../stream/outcome';
import { caught } from './caught';

const decoders = [createOutcomeDecoder(), createOutcomeDecoder({ asRows: true })];
const context = { prefix: 'shop', database: 'shop', partitions: 4 };

function recordsOf(change: Partial<Change>): FetchedRecord[] {
  const whole: Change = {
    table: 'public.items',
    operation: 'update',
    key: { id: '1' },
    before: { id: '1', note: 'old' },
    after: { id: '1', note: 'new' },
    position: { lsn: '9007199254740993', index: 1 },
    schemaId: '0123456789abcdef',
    transaction: { xid: 7, committedAt: 1_700_000_000_000 },
    ...change,
  };
  return encodeChange(whole, context).map((record) => ({ ...record, offset: '5' }));
}

/** Texts that look like the marks between which a record is cut. */
const tricky = [
  '},"after":{"id":"2"},"source":{',
  '"},"after":',
  '}',
  '"}',
  '},',
  'null,"after":null',
  '\\"},\\"after\\":{',
  '\u2028 ü 😀 \u0000',
  '',
];

const operations: Pick<Change, 'operation' | 'before' | 'after'>[] = [
  { operation: 'create', before: null, after: { id: '1' } },
  { operation: 'read', before: null, after: { id: '1' } },
  { operation: 'update', before: { id: '1' }, after: { id: '1' } },
  { operation: 'update', before: null, after: { id: '1' } },
  { operation: 'delete', before: { id: '1' }, after: null },
];

function same(record: FetchedRecord): void {
  const change = decodeChange(record);
  const parts = (outcome: Outcome | null) =>
    outcome && { table: outcome.table, key: outcome.key, after: outcome.after, schemaId: outcome.schemaId };
  for (const decode of decoders) expect(parts(decode(record))).toEqual(parts(change));
}

test.each(tricky)('what it says is what the whole record says, whatever a text or a column is called: %j', (text) => {
  const row = (base: Row | null): Row | null => base && { ...base, [text]: text, after: text, source: 1, last: text };
  for (const { operation, before, after } of operations) {
    for (const table of ['public.items', '"odd "" schema"."},""after"":"']) {
      for (const record of recordsOf({ operation, table, key: { id: text }, before: row(before), after: row(after) })) {
        same(record);
      }
    }
  }
});

test('a record from before versions were kept names none', () => {
  const [record] = recordsOf({ schemaId: null });
  if (record) same(record);
  for (const decode of decoders) expect(record && decode(record)).toMatchObject({ schemaId: null });
});

test('a tombstone leaves nothing', () => {
  const [, tombstone] = recordsOf({ operation: 'delete', after: null });
  for (const decode of decoders) expect(tombstone && decode(tombstone)).toBeNull();
});

test('an envelope in another order, as another writer may put it, is read all the same', () => {
  const [record] = recordsOf({});
  if (!record?.value) throw new Error('nothing encoded');
  const parts = Object.entries(JSON.parse(record.value.toString()) as object).reverse();
  same({ ...record, value: Buffer.from(JSON.stringify(Object.fromEntries(parts))) });
});

test.each([
  ['no JSON', (text: string) => text.replace('"new"', 'new')],
  ['cut off', (text: string) => text.slice(0, -3)],
  ['an unknown operation', (text: string) => text.replace('"op":"u"', '"op":"x"')],
  ['an update to nothing', (text: string) => text.replace('{"id":"1","note":"new"}', 'null')],
  [
    'a delete of nothing',
    (text: string) => text.replace('"op":"u","before":{"id":"1","note":"old"}', '"op":"d","before":null'),
  ],
  ['no table', (text: string) => text.replace('"table":"items"', '"tables":"items"')],
])('what cannot be right is refused as the whole record is: %s', (_, damage) => {
  const [record] = recordsOf({});
  if (!record?.value) throw new Error('nothing encoded');
  const damaged = { ...record, value: Buffer.from(damage(record.value.toString())) };
  for (const decode of decoders)
    expect(caught(() => decode(damaged))).toMatchObject({ name: 'Blocked', reason: 'undecodable' });
});

test.each([null, Buffer.from('7'), Buffer.from('{')])('a key that is none is refused: %j', (key) => {
  const [record] = recordsOf({});
  if (!record) throw new Error('nothing encoded');
  for (const decode of decoders)
    expect(caught(() => decode({ ...record, key }))).toMatchObject({ name: 'Blocked', reason: 'undecodable' });
});

describe('the row as it travelled, where it is asked for so', () => {
  const decode = createOutcomeDecoder({ asRows: true });
  const texts = (after: Row) => recordsOf({ after }).map((record) => decode(record)?.afterRow?.text);

  test('is told once rows of its topic are known, and is JSON on one line that says what the row says', () => {
    expect(texts({ id: '1', note: 'first', price: 1.5 })).toEqual([undefined]);
    for (const note of ['plain', 'ümläut', '😀 beyond', '', null, true]) {
      const after = { id: '2', note, price: -0.25 };
      expect(texts(after)).toEqual([JSON.stringify(after)]);
    }
  });

  test('is not told of a row with an escape in it, which is read in another way', () => {
    expect(texts({ id: '3', note: 'a "quoted" word', price: 1 })).toEqual([undefined]);
    expect(texts({ id: '3', note: 'two\nlines', price: 1 })).toEqual([undefined]);
  });

  test('is not told of one that a foreign hand wrote on two lines: requests made of it would be cut there', () => {
    const [record] = recordsOf({ after: { id: '4', note: 'here', price: 1 } });
    if (!record?.value) throw new Error('nothing encoded');
    const value = Buffer.from(record.value.toString().replace('"note":"here"', '"note":"he\nre"'));
    expect(() => decode({ ...record, value })).toThrow(/it is not JSON/);
  });
});
