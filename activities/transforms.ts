import { Blocked, Unavailable } from '../model/errors';
import { allDocuments, createMapping, type Mapping } from '../model/mapping';
import type { DocumentMapping, Pipeline, StoreDefinition, TableMapping } from '../model/pipeline';
import { findTransform, versionsOf, type Transforms } from '../model/rules/transform';
import { usesTransforms } from '../model/transform-versions';
import type { GenerationReference } from './activities';
import type { Deps } from './deps';

/** A worker that lacks a version is asked so often whether another has it: about as long as a roll-out takes a slice. */
const attempts = 4;

/**
 * The pipeline with each transform's version in its place. From here on the version is part of the mapping: of its hash, of
 * what a generation says of itself, of what a restart compares. Of `store` alone when one is named. Throws `Unavailable`
 * for a transform that this worker has not.
 */
export function withVersions(pipeline: Pipeline, transforms: Transforms, store?: string): Pipeline {
  const stores = Object.entries(pipeline.stores).map(([name, definition]): [string, StoreDefinition] => [
    name,
    store === undefined || name === store ? versioned(definition, transforms) : definition,
  ]);
  return { ...pipeline, stores: Object.fromEntries(stores) };
}

function versioned<Definition extends StoreDefinition>(definition: Definition, transforms: Transforms): Definition {
  // What names no transform stays the very same: its hash is that of before there were any.
  if (!usesTransforms(definition)) return definition;
  const tables = Object.entries(definition.tables).map(([table, mapping]): [string, TableMapping] => {
    const { documents } = mapping;
    const complete = <Mapping extends DocumentMapping>(each: Mapping) => versionedDocument(each, transforms);
    return [table, documents ? { ...mapping, documents: documents.map(complete) } : complete(mapping)];
  });
  return { ...definition, tables: Object.fromEntries(tables) };
}

function versionedDocument<Mapping extends DocumentMapping>(mapping: Mapping, transforms: Transforms): Mapping {
  const { transform } = mapping;
  if (transform === undefined || transform.version !== undefined) return mapping;
  const found = findTransform(transform, transforms);
  if (typeof found === 'string') throw unknown('The pipeline', found);
  return { ...mapping, transform: { ...transform, version: found.version } };
}

/**
 * The mapping of a generation. Throws `Unavailable` when this worker lacks a transform: another may have it. A version
 * that workers no longer have does not come back by itself, so a few attempts later it is `Blocked` transform-changed, which
 * a rebuild cures.
 */
export function mappingOf(
  { transforms }: Pick<Deps, 'transforms'>,
  input: {
    readonly store: string;
    readonly generation: Pick<GenerationReference, 'number' | 'definition'>;
    readonly attempt: number;
  },
): Mapping {
  const { store, generation, attempt } = input;
  const { number, definition } = generation;
  const what = `generation ${number} of '${store}'`;
  for (const { mapping } of allDocuments(definition)) {
    if (mapping.transform === undefined) continue;
    const found = findTransform(mapping.transform, transforms);
    if (typeof found !== 'string') continue;
    const known = versionsOf(transforms, mapping.transform.name).length > 0;
    if (!known || attempt < attempts) throw unknown(`It is needed for ${what}, and`, found);
    throw new Blocked(
      'transform-changed',
      `It is what ${what} was built with, and ${found} Order a rebuild, which takes the present version; or start a worker ` +
        'that has both, and retry.',
    );
  }
  return createMapping(definition, transforms);
}

function unknown(why: string, what: string): Unavailable {
  return new Unavailable(
    `${why} ${what} Another worker may have it; if none has, register it in createWorker({ transforms }) and start that worker.`,
  );
}
