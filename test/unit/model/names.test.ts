import { parkedTransactionalId, resourceNames } from '../../../model/names';

test('no two stores park under one transactional id, whatever their pipelines are called', () => {
  const lane = { generation: 1, lane: 0 };
  // A prefix and a store's name may each hold dashes: the same letters, cut at another place.
  const ids = [
    parkedTransactionalId('shop', { store: 'eu-search', ...lane }),
    parkedTransactionalId('shop-eu', { store: 'search', ...lane }),
    parkedTransactionalId('shop', { store: 'eu-search', generation: 11, lane: 0 }),
    parkedTransactionalId('shop', { store: 'eu-search-g1', ...lane }),
    resourceNames('shop-eu-search-g1-lane0-parked').transactionalId,
  ];
  expect(new Set(ids).size).toBe(ids.length);
});
