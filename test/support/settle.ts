import type { StatusName } from '../../model/status';
import { compareDocuments, compareIndex, compareReplica } from './ground-truth';
import { describeDifferences, type Difference } from './differences';
import { replicaExpectations, type Expectation } from './expectations';
import { isFound } from './index-contents';
import { readDocument, readDocuments, withRedis } from './redis-contents';
import type { Scenario } from './scenario';
import { waitFor } from './wait';

let sentinels = 0;

/**
 * Resolves when every store holds everything written before the call: a last row, written now, has come through. With
 * one lane a store that holds it holds all before it.
 */
export async function settle(scenario: Scenario, seconds: number): Promise<void> {
  const { source, replica, schema, alias, elasticsearchUrl, cacheUrl, pipeline } = scenario;
  sentinels += 1;
  const id = -1_000_000 - sentinels;
  await source.query(`insert into entries values ($1, 1, 1, 'fee', 'the last')`, [id]);
  await waitFor({
    what: `the last row in every store of ${scenario.name}`,
    seconds,
    everyMs: 200,
    look: async () => ({
      replica:
        !('replica' in pipeline.stores) ||
        (await replica.query(`select 1 from "${schema}".entries where id = $1`, [id])).length === 1,
      search: !('search' in pipeline.stores) || (await isFound(elasticsearchUrl, alias, `entries/${id}`)),
      cache:
        cacheUrl === null ||
        (await withRedis(cacheUrl, (redis) => readDocument(redis, scenario.name, `entries/${id}`))) !== null,
    }),
    until: (seen) => seen.replica && seen.search && seen.cache,
    evidence: () => scenario.evidence(),
  });
}

export interface StoreExpectations {
  readonly replica?: readonly Expectation[];
  readonly search?: readonly Expectation[];
  readonly cache?: readonly Expectation[];
}

/** Every store against the source, both directions; call once the writers rest. */
export async function differencesOf(scenario: Scenario, expectations: StoreExpectations = {}): Promise<Difference[]> {
  const { source, replica, schema, alias, elasticsearchUrl, cacheUrl, pipeline } = scenario;
  const { cache = replicaExpectations } = expectations;
  return [
    ...('replica' in pipeline.stores
      ? await compareReplica({
          ...{ source, replica, schema },
          ...(expectations.replica ? { expectations: expectations.replica } : {}),
        })
      : []),
    ...('search' in pipeline.stores
      ? await compareIndex({
          ...{ source, alias, elasticsearch: elasticsearchUrl },
          ...(expectations.search ? { expectations: expectations.search } : {}),
        })
      : []),
    ...(cacheUrl === null
      ? []
      : await compareDocuments({
          ...{ source, expectations: cache },
          found: (await withRedis(cacheUrl, (redis) => readDocuments(redis, scenario.name))) as Map<
            string,
            Record<string, unknown>
          >,
        })),
  ];
}

/** Fails with the differences, named row by row. */
export async function expectEqual(scenario: Scenario, expectations?: StoreExpectations): Promise<void> {
  const differences = await differencesOf(scenario, expectations);
  if (differences.length > 0) throw new Error(`${scenario.name}: ${describeDifferences(differences)}`);
}

/**
 * Resolves when every store is equal, the writers being at rest. For a parallel replica, whose shares commit one by one: the last
 * row may be there before what other shares hold.
 */
export async function untilEqual(scenario: Scenario, seconds: number): Promise<void> {
  await waitFor({
    what: `every store of ${scenario.name} to be equal`,
    seconds,
    everyMs: 500,
    conclusive: true,
    look: async () => describeDifferences(await differencesOf(scenario)),
    until: (differences) => differences === describeDifferences([]),
    evidence: () => scenario.evidence(),
  });
}

/** Resolves when the whole pipeline says LIVE. */
export async function untilLive(scenario: Scenario, seconds: number): Promise<void> {
  await waitFor({
    what: `${scenario.name} to be LIVE`,
    seconds,
    everyMs: 200,
    look: async () => {
      const { status, capture, stores } = await scenario.status();
      return [status, capture.status, ...Object.values(stores).map((store) => store.status)];
    },
    until: (statuses) =>
      statuses.length === 2 + Object.keys(scenario.pipeline.stores).length && statuses.every((one) => one === 'LIVE'),
    evidence: () => scenario.evidence(),
  });
}

/** Resolves when one store has this status, as the whole pipeline's status tells it. */
export async function untilStoreIs(scenario: Scenario, store: string, wanted: StatusName): Promise<void> {
  await waitFor({
    what: `the ${store} store of ${scenario.name} to be ${wanted}`,
    seconds: 120,
    everyMs: 200,
    look: async () => (await scenario.status()).stores[store]?.status,
    until: (status) => status === wanted,
    evidence: () => scenario.evidence(),
  });
}

/** Resolves when readers of one store use the generation of this number, and nothing is left of the one before. */
export async function untilRebuilt(scenario: Scenario, store: string, number: number): Promise<void> {
  await waitFor({
    what: `generation ${number} of ${store} to be live, alone`,
    seconds: 90,
    everyMs: 200,
    look: async () => (await scenario.status()).stores[store]?.generations ?? [],
    until: (all) => all.length === 1 && all[0]?.number === number && all[0].role === 'live',
    evidence: () => scenario.evidence(),
  });
}
