import { createHash } from 'node:crypto';
import { InvalidConfig, Unavailable } from '../model/errors';
import { generationContent } from '../model/generation-content';
import { readsBack, type Pipeline, type StoreDefinition } from '../model/pipeline';
import type { Generation, Inspection, Store } from '../stores/store';
import type { Activities, GenerationReference } from './activities';
import type { Deps } from './deps';
import { mappingOf } from './transforms';

/**
 * Identity of a mapping: the same rule has the same hash, whatever the order of its properties. A transform's version is
 * part of the rule (`withVersions`).
 */
export function mappingHash(definition: StoreDefinition): string {
  return createHash('sha256')
    .update(canonicalJson(generationContent(definition)))
    .digest('hex')
    .slice(0, 16);
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1));
    return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Opens a store under the definition of one of its generations (the pipeline's own definition may be newer). */
export function openStoreOf(
  deps: Deps,
  input: { pipeline: Pipeline; store: string; definition?: StoreDefinition },
): Store {
  const { pipeline, store } = input;
  const definition = input.definition ?? pipeline.stores[store];
  if (!definition) throw new InvalidConfig(`Pipeline ${pipeline.name} has no store '${store}'.`);
  return deps.openStore({
    pipeline: pipeline.name,
    store,
    definition,
    url: deps.secret(definition.url),
    catalogue: () =>
      deps.readTables(deps.secret(pipeline.source.url), Object.keys(definition.tables), readsBack(pipeline)),
  });
}

export function generationOf(pipeline: Pipeline, store: string, reference: GenerationReference): Generation {
  return {
    pipeline: pipeline.name,
    store,
    number: reference.number,
    mappingHash: reference.mappingHash,
    logId: reference.logId,
  };
}

async function withStore<Result>(store: Store, use: (store: Store) => Promise<Result>): Promise<Result> {
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

type GenerationActivities = Pick<
  Activities,
  'findLog' | 'inspectStore' | 'prepareGeneration' | 'promoteGeneration' | 'dropGeneration' | 'endParked'
>;

/** The short activities that look after generations. Each may run again: the store's own record decides. */
export function generationActivities(deps: Deps): GenerationActivities {
  return {
    async findLog({ pipeline }) {
      const last = await deps.readLastPosition(pipeline);
      if (last) return { logId: last.record.logId };
      throw new Unavailable(
        `The log ${pipeline.log.prefix} is not there yet: capture of ${pipeline.name} makes it. Waiting.`,
      );
    },
    inspectStore: ({ pipeline, store }): Promise<Inspection> =>
      withStore(openStoreOf(deps, { pipeline, store }), (opened) => opened.inspect()),
    async prepareGeneration({ pipeline, store, number, definition, logId }) {
      // Before anything is created: a generation that nobody can fill helps nobody.
      mappingOf(deps, { store, generation: { number, definition }, attempt: 1 });
      const hash = mappingHash(definition);
      const generation = generationOf(pipeline, store, { number, definition, mappingHash: hash, logId });
      await withStore(openStoreOf(deps, { pipeline, store, definition }), (opened) => opened.prepare(generation));
      return { mappingHash: hash };
    },
    promoteGeneration: ({ pipeline, store, generation }) =>
      withStore(openStoreOf(deps, { pipeline, store, definition: generation.definition }), (opened) =>
        opened.promote(generationOf(pipeline, store, generation)),
      ),
    dropGeneration: ({ pipeline, store, generation }) =>
      withStore(openStoreOf(deps, { pipeline, store, definition: generation.definition }), (opened) =>
        opened.drop(generationOf(pipeline, store, generation)),
      ),
    async endParked({ pipeline, store, keep }) {
      const freed = await deps.endParked(pipeline, store, keep);
      if (freed > 0) deps.log('info', 'parked records of dropped generations have ended', { store, records: freed });
    },
  };
}
