import { mappingHash } from '../../../activities/generation';
import { indexProblems, indexStatements } from '../../../stores/postgres/indexes';
import { catalogue } from '../../contract/fixture';

const plain = {
  type: 'postgres',
  url: { env: 'URL' },
  schema: 'shop',
  tables: { 'public.accounts': { rename: { holder: 'owner_name' } } },
} as const;

test('one plain index for each list of columns', () => {
  expect(indexStatements('shop_g1', { ...plain, indexes: { accounts: [['owner_name'], ['vip', 'balance']] } })).toEqual(
    ['create index on "shop_g1"."accounts" ("owner_name")', 'create index on "shop_g1"."accounts" ("vip", "balance")'],
  );
  expect(indexStatements('shop_g1', plain)).toEqual([]);
});

test.each([
  ['columns by their names in the store', { accounts: [['owner_name', 'id']] }, []],
  ["a column by its source's name", { accounts: [['holder']] }, ["'accounts' has no column 'holder' in the store."]],
  ['a table that is not there', { acounts: [['id']] }, ["the store has no table 'acounts'."]],
])('%s', (_, indexes, expected) => {
  const found = indexProblems('replica', { ...plain, indexes }, catalogue);
  expect(found.map(({ what }) => what)).toEqual(expected);
  for (const { where } of found) expect(where).toMatch(/^stores\.replica\.indexes\./);
});

test('what is meant is asked', () => {
  const [found] = indexProblems('replica', { ...plain, indexes: { acounts: [['id']] } }, catalogue);
  expect(found?.cure).toBe("Did you mean 'accounts'?");
});

test('indexes are part of what a generation is', () => {
  expect(mappingHash({ ...plain, indexes: { accounts: [['vip']] } })).not.toBe(mappingHash(plain));
});
