import { InvalidConfig } from '../../model/errors';
import type { StoreDefinition } from '../../model/pipeline';
import { origin } from '../../model/position';
import { describe, mismatch, missing } from '../ownership';
import type { Generation, Inspection, Lane, StoreContext } from '../store';
import { acknowledged, errorType, reasonOf, refused, succeeded } from './answers';
import type { Ask } from './client';
import { fieldsByTarget, fieldsOf } from './fields';
import { createRecord, readRecord, unownedAlias } from './lane';
import { indexSettings } from './overrides';
import { generationIndex, generationNumber, idField, recordField } from './names';
import { refreshInterval } from './refresh';

/** What the index says of its generation, in its mapping's `_meta`. Persistent: pinned by a test, like the record. */
export interface Meta {
  readonly format: 1;
  readonly pipeline: string;
  readonly store: string;
  readonly generation: number;
  readonly mappingHash: string;
  readonly logId: string;
  readonly definition: StoreDefinition;
  /** Target → the fields it has, since all tables share one index; absent in generations made before this was noted. */
  readonly fields?: Readonly<Record<string, readonly string[]>>;
}

/** One lane per generation to begin with. */
const lane: Lane = { index: 0 };

/** Lucene keeps a thousand fields by default; a wide catalogue is no mistake of its owner. */
const fieldLimit = 1_000;

/**
 * The readers' alias comes into the world with the first generation, showing nothing: without it, a stray write to the
 * readers' name would create an index of that name, and the alias could never be made. `is_write_index: false` refuses
 * such writes from then on, so they do not land among our documents either.
 */
const showsNothing = { filter: { match_none: {} }, is_write_index: false };
/** What has no id of ours is a lane's record. */
const showsDocuments = { filter: { exists: { field: idField } }, is_write_index: false };

interface IndexBody {
  readonly aliases?: Record<string, { filter?: { match_none?: object } }>;
  readonly mappings?: { readonly _meta?: Meta };
}

export interface Place {
  readonly ask: Ask;
  /** The readers' alias. */
  readonly index: string;
  readonly context: StoreContext;
  /** The context's, known to be of this type. */
  readonly definition: Extract<StoreDefinition, { type: 'elasticsearch' }>;
}

/** Creates index, aliases and record, or adopts what an earlier attempt created. */
export async function prepareGeneration(place: Place, generation: Generation): Promise<void> {
  const { ask, index } = place;
  const name = generationIndex(index, generation.number);
  const existing = await readIndexes(place, name);
  if (!existing.has(name)) await createIndex(place, generation);
  checkMeta((existing.get(name) ?? (await readIndexes(place, name)).get(name))?.mappings?._meta, generation);
  await started(ask, name);
  if (await readRecord(ask, name, lane)) return;
  // Only a lane that nobody ever owned may begin at nothing: elsewhere a missing record is a loss, and is said.
  await createRecord(ask, name, generation, lane);
}

async function createIndex({ ask, index, context, definition }: Place, generation: Generation): Promise<void> {
  const name = generationIndex(index, generation.number);
  const catalogue = await context.catalogue();
  const fields = fieldsOf(context.definition, catalogue);
  const first = (await readers({ ask, index, context, definition })).size === 0;
  const { pipeline, store, number, mappingHash, logId } = generation;
  const meta: Meta = {
    format: 1,
    pipeline,
    store,
    generation: number,
    mappingHash,
    logId,
    definition: context.definition,
    fields: fieldsByTarget(context.definition, catalogue),
  };
  const answer = await ask({
    method: 'PUT',
    path: [name],
    body: {
      settings: indexSettings(definition, {
        auto_expand_replicas: '0-1',
        // Nobody reads a generation that is being built; `promote` turns this on.
        refresh_interval: '-1',
        // Said although it is the default: "durable" rests on it, and a template of the cluster could say otherwise.
        translog: { durability: 'request' },
        mapping: { total_fields: { limit: Math.max(fieldLimit, 4 * Object.keys(fields).length) } },
      }),
      aliases: { ...unownedAlias(name, lane), ...(first ? { [index]: showsNothing } : {}) },
      mappings: {
        _meta: meta,
        dynamic: 'strict',
        // Readers get the document as it was written; the id is only there to sort by.
        _source: { excludes: [idField] },
        ...(definition.dynamicTemplates ? { dynamic_templates: definition.dynamicTemplates } : {}),
        properties: { ...fields, [idField]: { type: 'keyword' }, [recordField]: { type: 'object', enabled: false } },
      },
    },
  });
  // Another attempt of the same activity was faster: what it created is checked like everything that exists.
  if (answer.status === 400 && errorType(answer) === 'resource_already_exists_exception') return;
  if (answer.status === 400) {
    throw new InvalidConfig(
      `Elasticsearch refuses to create ${name} (${errorType(answer)}: ${reasonOf(answer)}). Correct settings, fields or ` +
        `dynamicTemplates of the store, rename columns that cannot be fields, or choose another index.`,
    );
  }
  acknowledged(answer, `the creation of ${name}`);
}

/**
 * An index exists before its shard can be asked: a prepare that finds another's fresh index has to wait for it. Not for
 * the status yellow: that is also said of a new index none of whose shards has begun.
 */
async function started(ask: Ask, name: string): Promise<void> {
  const query = { wait_for_active_shards: '1', timeout: '10s' };
  succeeded(await ask({ method: 'GET', path: ['_cluster', 'health', name], query }), `waiting for ${name} to start`);
}

/** The generations the readers' alias points to, with what it shows. Throws `InvalidConfig` if the name is not ours. */
async function readers({ ask, index }: Place): Promise<ReadonlyMap<string, 'nothing' | 'documents'>> {
  const answer = await ask({ method: 'GET', path: [index, '_alias'] });
  if (answer.status === 404) return new Map();
  const found = succeeded<Record<string, IndexBody>>(answer, `reading ${index}`);
  for (const name of Object.keys(found)) {
    if (name === index) {
      throw new InvalidConfig(
        `There is an index named ${index}, where the readers' alias has to be. Delete or reindex it, or choose another index.`,
      );
    }
    if (generationNumber(index, name) === null) {
      throw new InvalidConfig(
        `The alias ${index} belongs to ${name}, which is not ours. Remove the alias, or choose another index.`,
      );
    }
  }
  return new Map(Object.entries(found).map(([name, body]) => [name, shows(body, index)]));
}

function shows(body: IndexBody, index: string): 'nothing' | 'documents' {
  return body.aliases?.[index]?.filter?.match_none ? 'nothing' : 'documents';
}

async function readIndexes({ ask }: Place, pattern: string): Promise<ReadonlyMap<string, IndexBody>> {
  const answer = await ask({
    method: 'GET',
    path: [pattern],
    query: { expand_wildcards: 'all', filter_path: '*.aliases,*.mappings._meta' },
  });
  if (answer.status === 404) return new Map();
  return new Map(Object.entries(succeeded<Record<string, IndexBody>>(answer, `reading ${pattern}`)));
}

function checkMeta(meta: Meta | undefined, generation: Generation): void {
  if (meta?.pipeline !== generation.pipeline || meta.store !== generation.store) {
    throw new InvalidConfig(
      `The index for ${describe(generation)} exists and belongs to ${meta ? `${meta.pipeline}/${meta.store}` : 'someone else'}. ` +
        `Give each store an index name of its own.`,
    );
  }
  const problem = mismatch(meta, generation);
  if (problem) throw problem;
}

/** All generations of this store that exist, with the record of each, and which one readers see. */
export async function inspectGenerations(place: Place): Promise<Inspection> {
  const { ask, index, context } = place;
  const generations: Inspection['generations'][number][] = [];
  let live: number | null = null;
  for (const [name, body] of await readIndexes(place, `${index}-g*`)) {
    const number = generationNumber(index, name);
    const meta = body.mappings?._meta;
    if (number === null || meta?.pipeline !== context.pipeline || meta.store !== context.store) continue;
    const { mappingHash, logId, definition } = meta;
    const { next, position, positionAt } = (await readRecord(ask, name, lane))?.record ?? {
      next: {},
      position: origin,
      positionAt: 0,
    };
    generations.push({ number, mappingHash, logId, definition, next, position, positionAt });
    if (body.aliases?.[index] && shows(body, index) === 'documents') live = number;
  }
  return { generations: generations.sort((left, right) => left.number - right.number), live };
}

/** Invariant 7: readers move from one generation to the other in one step, and only once all of it can be found. */
export async function promoteGeneration(place: Place, generation: Generation): Promise<void> {
  const { ask, index } = place;
  const name = generationIndex(index, generation.number);
  const found = (await readIndexes(place, name)).get(name);
  if (!found) throw missing(generation);
  checkMeta(found.mappings?._meta, generation);
  const settings = { index: { refresh_interval: refreshInterval(place.definition) } };
  acknowledged(await ask({ method: 'PUT', path: [name, '_settings'], body: settings }), `the settings of ${name}`);
  await refresh(ask, name, generation);
  const others = [...(await readers(place)).keys()].filter((other) => other !== name);
  const actions = [
    ...others.map((other) => ({ remove: { index: other, alias: index } })),
    { add: { index: name, alias: index, ...showsDocuments } },
  ];
  acknowledged(await ask({ method: 'POST', path: ['_aliases'], body: { actions } }), `the promotion of ${name}`);
}

/** Makes everything written so far visible to searches. */
export async function refresh(ask: Ask, name: string, generation: Generation): Promise<void> {
  const answer = await ask({ method: 'POST', path: [name, '_refresh'] });
  if (answer.status === 404) throw missing(generation);
  const { _shards: shards } = succeeded<{ _shards?: { failed?: number } }>(answer, `the refresh of ${name}`);
  if (shards?.failed !== 0) throw refused(answer, `the refresh of ${name} (a shard failed)`);
}

export async function dropGeneration(place: Place, generation: Generation): Promise<void> {
  const { ask, index } = place;
  const name = generationIndex(index, generation.number);
  const found = (await readIndexes(place, name)).get(name);
  if (!found) return;
  const holdsAlias = found.aliases?.[index] !== undefined;
  if (holdsAlias && shows(found, index) === 'documents') {
    throw new InvalidConfig(`Readers use ${describe(generation)}: promote another one before dropping it.`);
  }
  const heir = [...(await readIndexes(place, `${index}-g*`)).keys()].find(
    (other) => other !== name && generationNumber(index, other) !== null,
  );
  const actions = [
    // An alias goes with its last index: while others are being built, the readers' name must stay taken.
    ...(holdsAlias && heir ? [{ add: { index: heir, alias: index, ...showsNothing } }] : []),
    { remove_index: { index: name } },
  ];
  const answer = await ask({ method: 'POST', path: ['_aliases'], body: { actions } });
  if (answer.status === 404) return;
  acknowledged(answer, `the removal of ${name}`);
}
