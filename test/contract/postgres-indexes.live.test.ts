import { InvalidConfig } from '../../model/errors';
import { failure, generation } from './fixture';
import { schema } from './postgres-adapter';
import { postgresStores } from './postgres-stores';

const first = generation(1);
const stores = postgresStores();

const indexesOf = async () =>
  (
    await stores.client.query<{ text: string }>(
      `select indexdef as text from pg_indexes where schemaname = $1 and tablename = 'accounts' order by 1`,
      [`${schema}_g1`],
    )
  ).rows.map(({ text }) => text);

test('the indexes that readers asked for are there, plain ones, beside the key', async () => {
  const store = stores.open({ indexes: { accounts: [['holder'], ['vip', 'balance']] } });
  await store.prepare(first);
  await store.prepare(first);
  const found = await indexesOf();
  expect(found).toHaveLength(3);
  expect(found.filter((text) => !text.includes('UNIQUE'))).toEqual([
    expect.stringMatching(/\(holder\)$/),
    expect.stringMatching(/\(vip, balance\)$/),
  ]);
});

test('an index on a column that the store has not is refused before anything is made', async () => {
  const error = await failure(stores.open({ indexes: { accounts: [['holdr']] } }).prepare(first));
  expect(error).toBeInstanceOf(InvalidConfig);
  expect(error.message).toContain("Did you mean 'holder'?");
  expect(await indexesOf()).toEqual([]);
});
