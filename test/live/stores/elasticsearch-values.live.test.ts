import type { Row } from '../../../model/change';
import type { DocumentBody } from '../../../model/mutation';
import type { TableSchema } from '../../../model/schema';
import { apply, expectBlocked, generation, lane, mutation, owner, recordedNext, scanAll } from '../../contract/fixture';
import { withPlace, type Place } from './elasticsearch-fixture';

const first = generation(1);
const me = owner(1000);

const types = {
  id: 'int8',
  flag: 'bool',
  small: 'int2',
  real: 'float4',
  double: 'float8',
  amount: 'numeric',
  words: 'text',
  day: 'date',
  local: 'timestamp',
  instant: 'timestamptz',
  data: 'jsonb',
  raw: 'bytea',
  tags: 'array',
  address: 'inet',
  uid: 'uuid',
};

const values: TableSchema = {
  name: 'public.values',
  relationId: 1,
  columns: Object.entries(types).map(([name, baseType]) => ({
    name,
    typeId: 0,
    type: baseType,
    baseType,
    notNull: false,
    generated: false,
  })),
  key: ['id'],
  replicaIdentity: 'f',
  estimatedRows: -1,
};

const options = { tables: { 'public.values': {} }, catalogue: [values] };

async function held(place: Place, rows: readonly Row[]): Promise<readonly DocumentBody[]> {
  const store = place.open(options);
  await store.prepare(first);
  await store.acquire(first, lane, me);
  const mutations = rows.map((row, at) => mutation('values', { id: row['id'] ?? null }, row, at));
  await apply(store, first, { owner: me, from: 0, to: 1, mutations });
  await store.promote(first);
  return (await scanAll(store, first, 'values')).map(({ body }) => body);
}

async function isOpenSearch(place: Place): Promise<boolean> {
  // Elasticsearch's small build answers 405 here.
  if ((await place.status('/', { method: 'GET' })) !== 200) return false;
  const { version } = (await place.ask('/')) as { version: { distribution?: string } };
  return version.distribution === 'opensearch';
}

async function find(place: Place, query: object): Promise<string[]> {
  const found = (await place.ask(`/${place.index}/_search`, { body: { query, size: 100 } })) as {
    hits: { hits: { _source: { id: string } }[] };
  };
  return found.hits.hits.map(({ _source }) => _source.id).sort();
}

test('values are found by what they mean, to the last digit', async () => {
  await withPlace(async (place) => {
    const rows = [
      {
        id: '9223372036854775807',
        flag: true,
        small: -5,
        real: 0.1,
        double: 1e300,
        amount: '12345678901234567890.12',
        words: 'Quick brown fox',
        day: '2026-01-02',
        local: '2026-01-02 03:04:05.5',
        instant: '2026-01-02 03:04:05.123456+00',
        data: '{"color": "dark red", "n": [1, 2]}',
        raw: '\\xdeadbeef',
        tags: '{a,"b c"}',
        address: '10.0.0.1/24',
        uid: '123e4567-e89b-12d3-a456-426614174000',
      },
    ];
    expect(await held(place, rows)).toEqual(rows);
    const id = ['9223372036854775807'];
    for (const query of [
      { term: { id: '9223372036854775807' } },
      { term: { flag: true } },
      { range: { small: { lt: 0 } } },
      { term: { real: 0.1 } },
      { term: { double: 1e300 } },
      { range: { amount: { gt: 1e19, lt: 1e20 } } },
      { term: { 'amount.exact': '12345678901234567890.12' } },
      { match: { words: 'fox' } },
      { term: { 'words.keyword': 'Quick brown fox' } },
      { term: { day: '2026-01-02' } },
      { range: { local: { gte: '2026-01-02T03:04:05.500Z', lt: '2026-01-02T03:04:05.501Z' } } },
      { range: { instant: { gte: '2026-01-02T03:04:05.123Z', lt: '2026-01-02T03:04:05.124Z' } } },
      { match: { data: 'red' } },
      { term: { tags: '{a,"b c"}' } },
      { term: { address: '10.0.0.1/24' } },
      { term: { uid: '123e4567-e89b-12d3-a456-426614174000' } },
    ]) {
      expect([query, await find(place, query)]).toEqual([query, id]);
    }
    expect(await find(place, { term: { id: '9223372036854775806' } })).toEqual([]);
    expect(await find(place, { term: { 'amount.exact': '12345678901234567890.13' } })).toEqual([]);
    expect(await find(place, { exists: { field: '_ignored' } })).toEqual([]);
  });
});

test('fractions of a second of every length are dates', async () => {
  await withPlace(async (place) => {
    const rows = ['', '.1', '.12', '.123', '.1234', '.12345', '.123456'].map((fraction, id) => ({
      id: String(id),
      instant: `2026-01-02 03:04:05${fraction}+00`,
      local: `2026-01-02 03:04:05${fraction}`,
    }));
    await held(place, rows);
    expect(await find(place, { exists: { field: '_ignored' } })).toEqual([]);
    expect(
      await find(place, { range: { instant: { gte: '2026-01-02T03:04:05Z', lt: '2026-01-02T03:04:06Z' } } }),
    ).toHaveLength(7);
  });
});

test('what PostgreSQL allows and no field has room for is held as it is, and does not stop the lane', async () => {
  await withPlace(async (place) => {
    const long = 'x'.repeat(100_000);
    const rows: Row[] = [
      {
        id: '0',
        real: 'NaN',
        double: 'Infinity',
        amount: 'NaN',
        day: 'infinity',
        local: '-infinity',
        instant: 'infinity',
      },
      { id: '1', amount: `1${'0'.repeat(400)}`, day: '0044-03-15 BC', local: '0044-03-15 00:00:00 BC' },
      { id: '2', day: '123456-01-01', instant: '123456-01-01 00:00:00+00', local: '294276-12-31 23:59:59.999999' },
      { id: '3', words: long, data: `"${long}"`, raw: `\\x${'00'.repeat(50_000)}`, tags: `{${long}}`, uid: long },
      { id: '4', words: '', data: 'null', tags: '{}' },
    ];
    expect(await held(place, rows)).toEqual(rows);
    const marked = await find(place, { exists: { field: '_ignored' } });
    // OpenSearch does not mark what is only too long for its field.
    expect(marked).toEqual((await isOpenSearch(place)) ? ['0', '1', '2'] : ['0', '1', '2', '3']);
    expect(await find(place, { ids: { values: ['values/2'] } })).toEqual(['2']);
  });
});

test('a field the index does not know blocks the lane with its name and offset, and no value', async () => {
  await withPlace(async (place) => {
    const store = place.open(options);
    await store.prepare(first);
    await store.acquire(first, lane, me);
    const odd = mutation('values', { id: '1' }, { id: '1', added: 'secret' }, 4711);
    const error = await expectBlocked(
      apply(store, first, { owner: me, from: 0, to: 1, mutations: [odd] }),
      'unstorable',
    );
    expect(error.message).toMatch(
      /values at offset 4711 \(id = 1\): .*strict_dynamic_mapping_exception in field 'added'/,
    );
    expect(error.message).not.toContain('secret');
    expect(await recordedNext(store, 1)).toBe(0);
  });
});
