import {
  judgeKeys,
  keyedStatement,
  missingOf,
  missingStatement,
  parseKeyed,
  refusalOf,
} from '../../../../capture/copy/keyed';
import type { CapturedTable } from '../../../../capture/source/catalogue';

const column = (name: string, type: string, baseType = type) => ({
  ...{ name, type, typeId: 1, baseType, notNull: true, generated: false },
});

const orders: CapturedTable = {
  ...{ name: 'public.orders', relationId: 7, key: ['region', 'id'], replicaIdentity: 'f', estimatedRows: 1 },
  ...{ partitioned: false, notFull: [], notOwned: [], keyOperators: ['pg_catalog', 'pg_catalog'] },
  columns: [
    column('id', 'bigint', 'int8'),
    column('region', 'character varying(5)', 'varchar'),
    column('note', 'text'),
    { ...column('twice', 'bigint', 'int8'), generated: true },
  ],
};

describe('the statement', () => {
  it('asks for each key through its columns’ types, and whether they keep it as it is', () => {
    expect(
      keyedStatement(orders, [
        { id: 1, region: 'a' },
        { id: '2', region: 'b' },
      ]),
    ).toEqual({
      text:
        'select c0, c1, c2, c3, c4, c5, c6 from (select page.*, sum(width) over (order by at rows unbounded preceding) as ' +
        'so_far from (select asked.k0, asked.k1, asked.exact, found."region" is not null, found."id", found."region", ' +
        'found."note", asked.at, coalesce((coalesce(octet_length(found."region"), 0) + ' +
        'coalesce(octet_length(found."note"), 0))::float8, 0) from (values ' +
        '(0, $1::character varying(5), $2::bigint, $1::character varying(5) = $1::character varying), ' +
        '(1, $3::character varying(5), $4::bigint, $3::character varying(5) = $3::character varying)) ' +
        'asked(at, k0, k1, exact) left join only "public"."orders" found on found."region" operator("pg_catalog".=) ' +
        'asked.k0 and found."id" operator("pg_catalog".=) asked.k1) page(c0, c1, c2, c3, c4, c5, c6, at, width)) sized ' +
        'where so_far - width < 4194304 order by at',
      values: ['a', '1', 'b', '2'],
    });
  });

  it('of a partitioned table it asks all partitions', () => {
    expect(keyedStatement({ ...orders, partitioned: true }, [{ id: 1, region: 'a' }]).text).not.toContain('only');
  });
});

describe('of keys that the log has', () => {
  const keys = [
    { region: 'a', id: '1' },
    { region: 'b', id: '2' },
    { region: 'c', id: '3' },
  ];

  it('those without a row are asked for, by the key’s own types and operators', () => {
    const extension = { ...orders, keyOperators: ['ext', 'pg_catalog'] };
    expect(missingStatement(extension, keys.slice(0, 2))).toEqual({
      text:
        'select at from (values (0, $1::character varying(5), $2::bigint), (1, $3::character varying(5), $4::bigint)) ' +
        'asked(at, k0, k1) where not exists (select from only "public"."orders" found where ' +
        'found."region" operator("ext".=) asked.k0 and found."id" operator("pg_catalog".=) asked.k1)',
      values: ['a', '1', 'b', '2'],
    });
  });

  it('and come back as the log has them', () => {
    expect(missingOf(keys, [['2'], ['0']])).toEqual({ missing: [keys[0], keys[2]], answered: 3 });
    expect(missingOf(keys, [])).toEqual({ missing: [], answered: 3 });
  });
});

describe('the answer', () => {
  const there = ['a', '1', 't', 't', '1', 'a', 'text'];
  const gone = ['b', '2', 't', 'f', null, null, null];

  it('is rows, and keys without one; a key that was asked for twice is one', () => {
    expect(parseKeyed(orders, [there, gone, gone, there])).toEqual({
      rows: [{ id: '1', region: 'a', note: 'text' }],
      missing: [{ region: 'b', id: '2' }],
      bytes: expect.any(Number) as number,
      answered: 4,
    });
  });

  it('a value that its type cuts would be another row’s, and is refused', () => {
    const read = () => parseKeyed(orders, [['b', '2', 'f', 'f', null, null, null]]);
    expect(read).toThrow('longer or finer');
    try {
      read();
    } catch (error) {
      expect(refusalOf(orders, error)).toMatch(
        /^the key of public.orders is \(region character varying\(5\), id bigint\), and/,
      );
    }
  });
});

it.each([
  [[{ id: 1, region: 'a' }], null],
  [[{ region: 'a', id: 1 }], null],
  [[{ id: 1 }], 'key 1 of 1'],
  [
    [
      { id: 1, region: 'a' },
      { id: 1, region: 'a', note: 'b' },
    ],
    'key 2 of 2',
  ],
  [[{ id: 1, area: 'a' }], 'the key of public.orders is (region, id)'],
])('the columns of the keys %j', (keys, why) => {
  if (why === null) expect(judgeKeys(orders, keys)).toBeNull();
  else expect(judgeKeys(orders, keys)).toContain(why);
});

it('what PostgreSQL says of a value is told by its code: its sentence holds the value', () => {
  const refused = refusalOf(orders, Object.assign(new Error('invalid input syntax: "secret"'), { code: '22P02' }));
  expect(refused).toContain('22P02');
  expect(refused).not.toContain('secret');
  expect(refusalOf(orders, Object.assign(new Error('gone'), { code: '57P01' }))).toBeNull();
});
