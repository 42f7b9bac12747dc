import { leftovers, planned } from '../../../workflows/follow-plan';
import { initialFollowState } from '../../../workflows/follow-state';
import type { StoreDefinition } from '../../../model/pipeline';
import { definition, lane, offsetsAt } from './lanes';

const other: StoreDefinition = { ...definition, tables: { 'public.products': { into: 'goods' } } };

function found(number: number, change: { definition?: StoreDefinition; logId?: string } = {}) {
  const position = { lsn: '1', index: 0 };
  return {
    number,
    mappingHash: `hash-${number}`,
    logId: 'log-1',
    definition,
    next: offsetsAt(9),
    position,
    positionAt: 0,
    ...change,
  };
}

function plan(generations: ReturnType<typeof found>[], live: number | null) {
  return planned(initialFollowState, { logId: 'log-1', inspection: { generations, live }, definition });
}

test('an empty store gets generation 1', () => {
  expect(plan([], null)).toMatchObject({
    logId: 'log-1',
    lastNumber: 1,
    live: null,
    next: { number: 1, reason: 'first build', mappingHash: null },
  });
});

test('a live generation of this log under the wanted definition is followed on', () => {
  expect(plan([found(3)], 3)).toMatchObject({
    lastNumber: 3,
    live: { number: 3, mappingHash: 'hash-3', rest: 'unknown' },
    next: null,
    untidy: false,
  });
});

test('the order of properties does not make another definition', () => {
  const reordered = Object.fromEntries(Object.entries(definition).reverse()) as StoreDefinition;
  expect(plan([found(1, { definition: reordered })], 1).next).toBeNull();
});

test('one under another definition is followed on while the wanted one is built', () => {
  expect(plan([found(3, { definition: other })], 3)).toMatchObject({
    live: { number: 3, definition: other },
    next: { number: 4, definition, reason: 'definition changed' },
  });
});

describe('what decides how a generation is built, besides the tables', () => {
  const tables = { 'public.products': {} };
  const url = { env: 'URL' };
  const index = { type: 'elasticsearch', url, index: 'shop', tables } as const;
  const replica = { type: 'postgres', url, schema: 'shop', tables } as const;
  const cache = { type: 'redis', url, as: 'json', tables } as const;
  const wants = (definition: StoreDefinition, built: StoreDefinition) =>
    planned(initialFollowState, {
      logId: 'log-1',
      inspection: { generations: [found(3, { definition: built })], live: 3 },
      definition,
    }).next;

  test.each<[string, StoreDefinition, StoreDefinition]>([
    ['fields of an index', { ...index, fields: { name: { type: 'text' } } }, index],
    ['settings of an index', { ...index, settings: { number_of_shards: 3 } }, index],
    ['indexes of a replica', { ...replica, indexes: { products: [['name']] } }, replica],
    ['the form of documents in a cache', { ...cache, as: 'hash' }, cache],
  ])('%s: the wanted one is built, and of a build under way only its own is gone on with', (_, wanted, before) => {
    expect(wants(wanted, before)).toMatchObject({ number: 4, definition: wanted, reason: 'definition changed' });
    const generations = [found(3, { definition: before }), found(4, { definition: before })];
    const inspection = { generations, live: 3 };
    const state = planned(initialFollowState, { logId: 'log-1', inspection, definition: wanted });
    expect(state.next?.number).toBe(5);
  });

  test.each<[string, StoreDefinition, StoreDefinition]>([
    ['how often an index is refreshed', { ...index, refresh: '5s' }, index],
    ['what is demanded', { ...index, require: ['nothing-lost'] }, index],
    ['what becomes of poison', { ...index, poison: { map: 'park' } }, index],
    ['how long documents live', { ...cache, ttlSeconds: 60 }, cache],
  ])('%s is none of it', (_, wanted, before) => expect(wants(wanted, before)).toBeNull());
});

test('what was built is looked for where the file says that the store is, also to be dropped: not where it was when it was built', () => {
  const before = { ...definition, url: { env: 'BEFORE_URL' } };
  const generations = [found(3, { definition: before }), found(4, { definition: { ...other, url: before.url } })];
  const state = plan(generations, 3);
  expect(state).toMatchObject({ live: { number: 3, definition }, next: null });
  expect(leftovers(state, { generations, live: 3 }, definition)).toEqual([found(4, { definition: other })]);
});

test('one of another log is not followed, and stays for its readers until the new one is promoted', () => {
  const inspection = { generations: [found(3, { logId: 'log-0' })], live: 3 };
  const state = planned(initialFollowState, { logId: 'log-1', inspection, definition });
  expect(state).toMatchObject({ live: null, next: { number: 4, reason: 'log replaced' } });
  expect(leftovers(state, inspection, definition)).toEqual([]);
});

test('a build under way for the wanted definition goes on; others are left over', () => {
  const generations = [
    found(3, { definition: other }),
    found(4, { definition: other }),
    found(5),
    found(6, { logId: 'log-0' }),
  ];
  const state = plan(generations, 3);
  // Prepared again: whoever made it may have died in between.
  expect(state).toMatchObject({
    live: { number: 3 },
    next: { number: 5, mappingHash: null },
    lastNumber: 6,
    untidy: true,
  });
  expect(leftovers(state, { generations, live: 3 }, definition).map(({ number }) => number)).toEqual([4, 6]);
});

test('a build under way is left over when live already is what is wanted', () => {
  const generations = [found(3), found(4)];
  const state = plan(generations, 3);
  expect(state).toMatchObject({ live: { number: 3 }, next: null, untidy: true });
  expect(leftovers(state, { generations, live: 3 }, definition).map(({ number }) => number)).toEqual([4]);
});

test('what readers see is never left over, whatever we believe', () => {
  const state = { ...initialFollowState, live: lane({ number: 2 }) };
  expect(leftovers(state, { generations: [found(1), found(2)], live: 1 }, definition)).toEqual([]);
});
