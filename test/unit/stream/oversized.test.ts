import type { Change } from '../../../model/change';
import { absentHeader, decodeChange, encodeChange } from '../../../stream/envelope';
import type { EncodedRecord } from '../../../stream/log';
import { createOutcomeDecoder } from '../../../stream/outcome';
import type { RecordLimit } from '../../../stream/oversized';
import { caught } from './caught';

const decodeOutcome = createOutcomeDecoder();
const bytes = 10_000;
const large = 'x'.repeat(8_000);
const row = (note: string, more: string = '') => ({ id: 7, name: 'a "b"', note, more });

function change(parts: Partial<Change>): Change {
  return {
    ...{ table: 'public.docs', operation: 'update', key: { id: 7 }, before: row(large), after: row(large) },
    ...{ position: { lsn: '100', index: 2 }, transaction: { xid: 9, committedAt: 1_000 }, schemaId: 'v1' },
    ...parts,
  };
}

const encoded = (parts: Partial<Change>, oversized: RecordLimit['oversized'] = 'block', limit = bytes) =>
  encodeChange(change(parts), { prefix: 'p', database: 'd', partitions: 2, limit: { bytes: limit, oversized } });
const fetched = (record: EncodedRecord | undefined) => {
  if (!record) throw new Error('nothing was encoded');
  return { ...record, offset: '5' };
};
const decoded = (records: readonly EncodedRecord[]) => decodeChange(fetched(records[0]));

test('what fits stays as it is', () => {
  expect(encoded({ before: null })).toEqual(
    encodeChange(change({ before: null }), { prefix: 'p', database: 'd', partitions: 2 }),
  );
});

test('an update that is too large with its row before goes without it, whatever the policy', () => {
  for (const policy of ['block', 'reference'] as const) {
    expect(decoded(encoded({}, policy))).toEqual(change({ before: null }));
  }
});

test('and is not written with it first, where it is plain that it will not fit', () => {
  const written: string[] = [];
  const watched = { ...row(large), toJSON: () => (written.push('row before'), null) } as unknown as Change['before'];
  const records = encoded({ before: watched });
  expect(written).toEqual([]);
  expect(decoded(records)).toEqual(change({ before: null }));
  // Control: a row before that fits is written.
  encoded({ before: watched, after: row('short') });
  expect(written).toEqual(['row before']);
});

test('a delete that is too large keeps its key, and its tombstone', () => {
  const records = encoded({ operation: 'delete', before: row(large, large), after: null });
  expect(decoded(records)).toEqual(change({ operation: 'delete', before: { id: 7 }, after: null }));
  expect(records[1]).toEqual({ ...records[0], value: null });
});

test('block: the message names table, key, size, column and what to do, and no text of the row', () => {
  const error = caught(() => encoded({ after: row(large, large) }));
  expect(error).toMatchObject({ name: 'Blocked', reason: 'oversized' });
  expect((error as Error).message).toMatch(
    /row of public\.docs with id = 7 takes 16\d\d\d bytes .* takes 10000; its largest column is note, of 8002 bytes/,
  );
  expect((error as Error).message).toContain('log.maxMessageBytes');
  expect((error as Error).message).not.toContain('xx');
});

test('a key that is a text is not shown', () => {
  const key = { mail: 'ada@example.org' };
  const error = caught(() => encoded({ key, after: { ...key, note: large, more: large } }));
  expect((error as Error).message).toContain('mail = (a text of 15 characters)');
});

test('reference: the largest columns are left out until the rest fits, and are listed', () => {
  const after = row(`${large}y`, large);
  const records = encoded({ after }, 'reference');
  expect(decoded(records)).toEqual(
    change({ before: null, after: { id: 7, name: 'a "b"', more: large }, absent: ['note'] }),
  );
  expect(records[0]?.headers?.[absentHeader]?.toString()).toBe('8003');
  expect(decoded(encoded({ after }, 'reference', 1_000))).toMatchObject({
    after: { id: 7, name: 'a "b"' },
    absent: ['note', 'more'],
  });
});

test('reference: who maps the record is told what is absent, and of which transaction it is', () => {
  const [record] = encoded({ after: row(large, large), operation: 'create', before: null }, 'reference');
  expect(decodeOutcome(fetched(record))).toMatchObject({ absent: ['note'], transaction: { xid: 9 } });
  expect(decodeOutcome(fetched(encoded({})[0]))).not.toHaveProperty('absent');
});

test('reference: a key that is too large is Blocked all the same', () => {
  const key = { id: large };
  const policy = { key, before: null, after: { ...key, note: large } };
  expect(caught(() => encoded(policy, 'reference', 5_000))).toMatchObject({ reason: 'oversized' });
});

test('the size that counts is of the encoded bytes', () => {
  const quotes = '"'.repeat(6_000);
  expect(caught(() => encoded({ before: null, after: row(quotes) }))).toMatchObject({ reason: 'oversized' });
});

test('the format of a record with absent columns is pinned', () => {
  const [record] = encoded({ after: row(large, large) }, 'reference');
  expect(record?.value?.toString().replace(large, '…')).toBe(
    '{"op":"u","before":null,"after":{"id":7,"name":"a \\"b\\"","more":"…"},"absent":["note"],' +
      '"source":{"version":"2","connector":"postgresql","name":"p","db":"d","schema":"public","table":"docs","schemaId":"v1",' +
      '"snapshot":"false","sequence":"[null,\\"100\\"]","txId":9,"lsn":100,"ts_ms":1000},"ts_ms":1000,' +
      '"position":{"lsn":"100","index":2}}',
  );
});
