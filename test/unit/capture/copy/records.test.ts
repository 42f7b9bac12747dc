import { createChunkSupply } from '../../../../capture/copy/records';
import { schemaId } from '../../../../capture/relations';
import type { Row } from '../../../../model/change';
import { encodeChange, type EnvelopeContext } from '../../../../stream/envelope';
import { createHeaderEncoder } from '../../../../stream/producer/records';
import { listed } from '../../../../stream/supply';
import { tableOf } from './world';

const column = (name: string, baseType: string) => ({
  name,
  baseType,
  type: baseType,
  typeId: 25,
  notNull: false,
  generated: false,
});
const table = {
  ...tableOf('public."Größe"', 3),
  columns: [column('id', 'int8'), column('sum', 'numeric'), column('note', 'text')],
  key: ['id', 'sum'],
};
const limit = { bytes: 200_000, oversized: 'reference' } as const;
const context: EnvelopeContext = { prefix: 'shop', database: 'shop', partitions: 4, limit };

it('rows of a chunk are written byte for byte as changes are, small and large, and those that have to be made smaller', () => {
  const notes = [
    '',
    'plain',
    'Zoë "said"\n\u0001',
    '日本 🎈'.repeat(50),
    'é'.repeat(60_000),
    'x'.repeat(70_000),
    'y'.repeat(250_000),
  ];
  const rows: Row[] = [...notes, null].map((note, at) => ({ id: String(at), sum: '1.50', note }));
  const form = { encodeHeaders: createHeaderEncoder({}), mostBytes: 150_000 };
  const cursor = { done: true, after: null, rows: 8 };
  const chunk = { table, rows, missing: [], bytes: 0, cursor, readAt: 1_700_000_000_000 };
  const records = listed(createChunkSupply(chunk, '18446744073709551615', { context, form }));
  const expected = rows.flatMap((after) =>
    encodeChange(
      {
        ...{ table: table.name, operation: 'read', before: null, after, schemaId: schemaId(table) },
        key: { id: after['id'] ?? null, sum: '1.5' },
        ...{
          position: { lsn: '18446744073709551615', index: 0 },
          transaction: { xid: null, committedAt: 1_700_000_000_000 },
        },
      },
      context,
    ),
  );
  // In order only within a partition: by their keys, of which each stands here once.
  const texts = (all: typeof records) =>
    all
      .map(({ topic, partition, headers, key, value }) => ({
        ...{ topic, partition, headers, key: key.toString(), value: value?.toString() },
      }))
      .sort((left, right) => left.key.localeCompare(right.key));
  expect(texts(records)).toEqual(texts(expected));
  expect(texts(records)[6]?.value).toContain('"absent":["note"]');
});
