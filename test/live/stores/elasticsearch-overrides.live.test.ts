import { InvalidConfig } from '../../../model/errors';
import { catalogue, account, apply, failure, generation, lane, owner } from '../../contract/fixture';
import { withPlace, type Place } from './elasticsearch-fixture';

const first = generation(1);
const me = owner(1000);

async function filled(place: Place, overrides: NonNullable<Parameters<Place['open']>[0]>['overrides']): Promise<void> {
  const store = place.open({ overrides: overrides ?? {} });
  await store.prepare(first);
  await store.acquire(first, lane, me);
  await apply(store, first, { owner: me, from: 0, to: 1, mutations: [account(1, 10, 0, 'Müller-Lüdenscheidt')] });
  await store.promote(first);
}

async function found(place: Place, query: object): Promise<number> {
  const answer = await place.ask(`/${place.index}/_search`, { method: 'POST', body: { query } });
  return (answer as { hits: { hits: unknown[] } }).hits.hits.length;
}

/** Of the one type of analyzers that every Elasticsearch has; the tests' own build has no others. */
const analysis = { analyzer: { quiet: { type: 'standard', stopwords: ['müller'] } } };

test('settings, analyzers and fields are those that the file asks for; a field is filled by copy_to', async () => {
  await withPlace(async (place) => {
    await filled(place, {
      settings: { analysis, number_of_shards: 2 },
      fields: { holder: { type: 'text', analyzer: 'quiet', copy_to: 'all' }, all: { type: 'text' } },
    });
    // One token in the field's own analyzer, two in the standard one.
    expect(await found(place, { match: { holder: 'lüdenscheidt' } })).toBe(1);
    expect(await found(place, { match: { holder: 'müller' } })).toBe(0);
    expect(await found(place, { match: { all: 'müller' } })).toBe(1);
    const settings = await place.ask(`/${place.index}-g1/_settings?flat_settings=true`);
    expect(settings).toMatchObject({
      [`${place.index}-g1`]: {
        settings: {
          'index.number_of_shards': '2',
          'index.refresh_interval': '1s',
          'index.translog.durability': 'request',
        },
      },
    });
  });
});

test('a generation with fields of its own fits the table it was made for, and takes a new column', async () => {
  await withPlace(async (place) => {
    const store = place.open({ overrides: { fields: { holder: { type: 'keyword', doc_values: true } } } });
    await store.prepare(first);
    const [accounts] = catalogue;
    if (!accounts) throw new Error('the catalogue has no table');
    expect(await store.fit(first, accounts)).toEqual({ absent: [], other: [], surplus: [] });
    const [, holder] = accounts.columns;
    if (!holder) throw new Error('the table has no columns');
    const grown = { ...accounts, columns: [...accounts.columns, { ...holder, name: 'note' }] };
    await store.extend(first, grown, ['note']);
    expect(await store.fit(first, grown)).toEqual({ absent: [], other: [], surplus: [] });
  });
});

test('the interval of refreshes is the one that was chosen', async () => {
  await withPlace(async (place) => {
    await filled(place, { refresh: 'never' });
    const settings = await place.ask(`/${place.index}-g1/_settings?flat_settings=true`);
    expect(settings).toMatchObject({ [`${place.index}-g1`]: { settings: { 'index.refresh_interval': '-1' } } });
  });
});

test('what Elasticsearch does not take is said with its reason, and nothing is made', async () => {
  await withPlace(async (place) => {
    const store = place.open({ overrides: { fields: { holder: { type: 'text', analyzer: 'not_there' } } } });
    const error = await failure(store.prepare(first));
    expect(error).toBeInstanceOf(InvalidConfig);
    expect(error.message).toMatch(/not_there/);
    expect(await place.ask(`/${place.index}*/_alias?expand_wildcards=all`)).toEqual({});
  });
});
