import { Client } from 'pg';
import type { Change, Row } from '../../../model/change';
import { createMapping } from '../../../model/mapping';
import { coalesce, type DocumentBody } from '../../../model/mutation';
import { openPostgresStore } from '../../../stores/postgres/store';
import type { Store } from '../../../stores/store';
import { apply, generation, lane, owner, scanAll } from '../../contract/fixture';
import { createTestDatabase, type TestDatabase } from '../../contract/postgres-adapter';
import { closeSources } from '../capture/source';
import { withPlace } from '../stores/elasticsearch-fixture';
import { found, madeSamples, samples } from './samples';
import { openTruth, textsOf, type Texts } from './truth';
import { makeTypes, typedColumns, typedRows } from './typed-table';
import { expectedRow, nameOfMade, openTypedWorld, streamedBy, table, type TypedWorld } from './typed-world';

jest.setTimeout(300_000);

const first = generation(1);
const me = owner(1_000);

/** One world for all of it: it takes longer to make than to look at. */
let world: TypedWorld;
beforeAll(async () => {
  world = await openTypedWorld();
});
afterAll(async () => {
  try {
    await world.truth.end();
  } finally {
    await closeSources();
  }
});

const rowsOf = (operation: Change['operation']) =>
  world.changes.filter((change) => change.operation === operation).map(({ after }) => after);

test('every type of this server has values here', async () => {
  const { rows } = await world.truth.query<{ type: string }>(
    `select typname as type from pg_type
      where typnamespace = 'pg_catalog'::regnamespace and typtype in ('b', 'r', 'm') and typinput <> 'array_in'::regproc
      order by 1`,
  );
  expect(rows.map(({ type }) => type).filter((type) => samples[type] === undefined)).toEqual([]);
  // Those without a value are named here, one by one: nothing that a user could store is among them.
  const { rows: empty } = await world.truth.query<Texts>(
    `select ${typedColumns.map(({ name }) => `count("${name}") as "${name}"`).join(', ')} from ${table}`,
  );
  const never = Object.entries(empty[0] ?? {}).flatMap(([column, count]) => (count === '0' ? [column] : []));
  expect(never).toEqual(['c_gtsvector', 'c_pg_brin_bloom_summary', 'c_pg_brin_minmax_multi_summary']);
  expect(Object.keys(found).every((type) => type in samples)).toBe(true);
});

test('the copy brings each value as the server writes it', () => {
  const expected = world.inserted.filter(({ id }) => Number(id) < streamedBy).map(expectedRow);
  expect(expected).toHaveLength(typedRows);
  expect(rowsOf('read')).toEqual(expected);
});

test('the stream brings each value as the server writes it, in inserts and updates, before and after', () => {
  const isStreamed = ({ id }: Texts) => Number(id) > streamedBy;
  expect(rowsOf('create')).toEqual(world.inserted.filter(isStreamed).map(expectedRow));
  const updates = world.changes.filter(
    ({ operation, key }) => operation === 'update' && Number(key['id']) > streamedBy,
  );
  const byId = (rows: readonly (Row | null)[]) => [...rows].sort((a, b) => Number(a?.['id']) - Number(b?.['id']));
  expect(byId(updates.map(({ after }) => after))).toEqual(world.last.filter(isStreamed).map(expectedRow));
  expect(byId(updates.map(({ before }) => before))).toEqual(world.inserted.filter(isStreamed).map(expectedRow));
});

test('copy and stream write the same bytes for the same row', () => {
  for (let id = 1; id <= typedRows; id += 1) {
    const copied = world.sent.get(`r {"id":${id}}`);
    expect(copied?.after.length).toBeGreaterThan(1_000);
    expect(world.sent.get(`u {"id":${id}}`)).toEqual(copied);
  }
});

test('control: a connection that sets nothing is given other texts', async () => {
  const plain = new Client({
    connectionString: world.source.url,
    types: { getTypeParser: () => (text: string) => text },
  });
  await plain.connect();
  const texts = await textsOf(plain, table);
  await plain.end();
  const differing = typedColumns
    .map(({ name }) => name)
    .filter((name) => texts.some((row, at) => row[name] !== world.last[at]?.[name]));
  const expected = ['c_bytea', 'c_date', 'c_float8', 'c_interval', 'c_regclass', 'c_timestamp', 'c_timestamptz'];
  expect(differing).toEqual(expect.arrayContaining(expected));
});

test('what a record says of its version is what the catalogue says of the table', () => {
  expect(new Set(world.changes.map(({ schemaId }) => schemaId)).size).toBe(1);
  const types = new Map(world.catalogue[0]?.columns.map(({ name, baseType }) => [name, baseType]));
  const madeKinds = Object.keys(madeSamples).map((type) => [type, types.get(nameOfMade(type))]);
  expect(Object.fromEntries(madeKinds)).toMatchObject({
    'public.mood': 'enum',
    'public.cents': 'int4',
    'public.wide_price': 'numeric',
    'public.flag': 'bool',
    'public.tags': 'array',
    'public.pair': 'composite',
    'public.float_range': 'range',
    'public.float_ranges': 'multirange',
    'public.citext': 'citext',
    'public.hstore': 'hstore',
    'public.ltree': 'ltree',
    // Nobody is taken in by a name.
    'public.bool': 'composite',
    'public.numeric': 'enum',
  });
  for (const type of Object.keys(samples)) expect([type, types.get(`c_${type}`)]).toEqual([type, type]);
  expect(world.catalogue[0]?.columns.find(({ name }) => name === nameOfMade('public.wide_price'))?.domainOf).toBe(
    'numeric(20,4)',
  );
});

/** The changes, in order, as one lane would apply them. */
async function follow(store: Store): Promise<void> {
  await store.prepare(first);
  await store.acquire(first, lane, me);
  const map = createMapping({ type: 'postgres', url: { env: 'X' }, schema: 'replica', tables: { [table]: {} } });
  const mutations = world.changes.flatMap((change, at) => map(change, String(at)) ?? []);
  await apply(store, first, { owner: me, from: 0, to: 1, mutations: coalesce(mutations) });
}

async function withReplica(run: (database: TestDatabase, store: Store) => Promise<void>): Promise<void> {
  const database = await createTestDatabase();
  const store = openPostgresStore({
    ...{ pipeline: first.pipeline, store: first.store, url: database.url, catalogue: async () => world.catalogue },
    definition: { type: 'postgres', url: { env: 'X' }, schema: 'replica', tables: { [table]: {} } },
  });
  try {
    await run(database, store);
  } finally {
    await store.close();
    await database.close();
  }
}

/** The texts of both sides, save for columns named; and the types the replica has. */
async function compareReplica(database: TestDatabase, except: readonly string[] = []): Promise<Record<string, string>> {
  const replica = await openTruth(database.url);
  try {
    const without = (rows: readonly Texts[]) =>
      rows.map((row) => Object.fromEntries(Object.entries(row).filter(([column]) => !except.includes(column))));
    expect(without(await textsOf(replica, 'replica_g1.typed'))).toEqual(without(world.last));
    const { rows } = await replica.query<{ name: string; type: string }>(
      `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
        where attrelid = 'replica_g1.typed'::regclass and attnum > 0`,
    );
    return Object.fromEntries(rows.map(({ name, type }) => [name, type]));
  } finally {
    await replica.end();
  }
}

test('a replica whose database has the types holds every value in its own type', async () => {
  await withReplica(async (database, store) => {
    await makeTypes(database.client);
    // Another server writes and reads everything in another way, and NULL in arrays as a text.
    for (const setting of [`lc_monetary to 'C'`, `array_nulls to off`, `xmloption to document`, `datestyle to SQL`]) {
      await database.client.query(`alter database ${new URL(database.url).pathname.slice(1)} set ${setting}`);
    }
    await follow(store);
    const types = await compareReplica(database);
    const sourceTypes = new Map(world.catalogue[0]?.columns.map(({ name, type }) => [name, type]));
    const asText = Object.keys(types).filter((column) => types[column] !== sourceTypes.get(column));
    // Names of the source's own objects, and what no server takes as input.
    expect(
      asText.filter((column) => !/^[ca]_(reg|aclitem|gtsvector|pg_(node|ndist|dep|mcv|brin))/.test(column)),
    ).toEqual([]);
    expect(asText.every((column) => types[column] === 'text')).toBe(true);
    expect(asText.length).toBeGreaterThan(20);
    await expectScanned(store);
  });
});

test('a replica whose database has another domain of that name holds what the source’s stands on', async () => {
  await withReplica(async (database, store) => {
    await database.client.query('create domain price as numeric(20,1)');
    await database.client.query('create domain wide_price as price');
    await database.client.query('create domain hstore as varchar(2)');
    await follow(store);
    const types = await compareReplica(database);
    expect(types[nameOfMade('public.price')]).toBe('numeric(20,4)');
    expect(types[nameOfMade('public.wide_price')]).toBe('numeric(20,4)');
    expect(types[nameOfMade('public.hstore')]).toBe('text');
  });
});

test('a replica whose database lacks the types holds the texts, and a domain as what it stands on', async () => {
  await withReplica(async (database, store) => {
    await follow(store);
    // float8 in JSON and in a text column: the number is the same, PostgreSQL's spelling of it is not kept.
    const types = await compareReplica(database);
    expect(types[nameOfMade('public.mood')]).toBe('text');
    expect(types[nameOfMade('public.pair')]).toBe('text');
    expect(types[nameOfMade('public.hstore')]).toBe('text');
    expect(types[nameOfMade('public.cents')]).toBe('integer');
    expect(types[nameOfMade('public.wide_price')]).toBe('numeric(20,4)');
    expect(types[nameOfMade('public.tags')]).toBe('text[]');
    await expectScanned(store);
  });
});

/** What an audit reads back is what travelled. */
async function expectScanned(store: Store): Promise<void> {
  const documents = await scanAll(store, first, 'typed');
  expect(documents.map(({ body }) => body)).toEqual(world.last.map(expectedRow));
}

test('an index holds every value, and lists as ignored what its field has no room for', async () => {
  await withPlace(async (place) => {
    const store = place.open({ tables: { [table]: {} }, catalogue: world.catalogue });
    await follow(store);
    const documents = (await scanAll(store, first, 'typed')).map(({ body }) => body);
    const byId = (rows: readonly DocumentBody[]) => [...rows].sort((a, b) => Number(a['id']) - Number(b['id']));
    expect(byId(documents)).toEqual(world.last.map(expectedRow));
    await store.promote(first);
    const answer = (await place.ask(`/${place.index}/_search`, {
      body: { size: 100, query: { exists: { field: '_ignored' } }, _source: ['id'], fields: ['_ignored'] },
    })) as { hits: { hits: { _source: { id: number }; _ignored: string[] }[] } };
    const ignored = new Set(
      answer.hits.hits.flatMap(({ _source, _ignored }) =>
        _ignored.map(
          (field) =>
            `${field}: ${String(world.last.find(({ id }) => Number(id) === _source.id)?.[field.split('.')[0] ?? ''])}`,
        ),
      ),
    );
    const outside = /^(NaN|-?Infinity|-?infinity|.* BC|\d{5,}-.*|10{1000,}|1?0*\.?0{1000,}.*)$/;
    const unexpected = [...ignored].filter((place) => {
      const [field = '', text = ''] = [place.slice(0, place.indexOf(': ')), place.slice(place.indexOf(': ') + 2)];
      return !outside.test(text) && text.length <= 8_191 && field !== '';
    });
    expect(unexpected).toEqual([]);
    expect([...ignored].some((place) => place === 'c_date: infinity')).toBe(true);
  });
});
