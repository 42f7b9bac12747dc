import { capabilitiesOf } from '../../model/capabilities';
import { InvalidConfig } from '../../model/errors';
import { allDocuments, idsBeginWith } from '../../model/mapping';
import type { Generation, Lane, Store, StoreContext } from '../store';
import { connect, type Connection } from './client';
import { extendIndex, fitVersion } from './fit';
import { watchWriters, type WriterWatch } from './foreign-writes';
import { dropGeneration, inspectGenerations, prepareGeneration, promoteGeneration } from './generations';
import { LaneWriter } from './lane-writer';
import { generationIndex } from './names';
import { gatherMs } from './refresh';
import { scanDocuments } from './scan';

/** What a test replaces to sabotage a mechanism, to count requests or to die between two of them. */
export interface ElasticsearchParts {
  readonly connect: (url: string) => Connection;
  readonly watchWriters?: () => WriterWatch;
}

/**
 * A search index per generation. Documents and offsets cannot be written in one transaction here, so the order does it:
 * first every document, then the lane's record, both through an alias that only the lane's present owner has.
 *
 * Throws `InvalidConfig` for a definition of another type or a url that is none. Opens no connection by itself.
 */
export function openElasticsearchStore(
  context: StoreContext,
  { connect: open, watchWriters: watch = watchWriters }: ElasticsearchParts = { connect },
): Store {
  const { definition } = context;
  if (definition.type !== 'elasticsearch') {
    throw new InvalidConfig(`Store ${context.pipeline}/${context.store} is not of type elasticsearch.`);
  }
  const connection = open(context.url);
  const writers = watch();
  const { ask } = connection;
  const place = { ask, index: definition.index, context, definition };
  const lanes = new Map<string, LaneWriter>();
  const nameOf = ({ number }: Generation) => generationIndex(definition.index, number);
  const writerOf = (generation: Generation, lane: Lane): LaneWriter => {
    const key = `${generation.number}/${lane.index}`;
    let writer = lanes.get(key);
    if (!writer) lanes.set(key, (writer = new LaneWriter({ ask, index: nameOf(generation), lane, writers, key })));
    return writer;
  };

  return {
    capabilities: capabilitiesOf(definition),

    batchesAtOnce: 2,
    gatherMs: gatherMs(definition),

    inspect: () => inspectGenerations(place),

    prepare: (generation) => prepareGeneration(place, generation),

    acquire: (generation, lane, owner) => writerOf(generation, lane).acquire(generation, owner),

    apply: (generation, batch, signal) => writerOf(generation, batch.lane).apply({ generation, batch, signal }),

    fit: (generation, table) => fitVersion(place, generation, table),

    extend: (generation, table, names) => extendIndex(place, generation, { table, names }),

    // Nothing is held open between two batches.
    release: async () => undefined,

    async scan(generation, range, limit) {
      const document = allDocuments(definition).find(({ target }) => target === range.target);
      // A generation of another definition has targets that this one does not know.
      const beginning = idsBeginWith(document ?? { target: range.target, mapping: {} });
      return scanDocuments(ask, { name: nameOf(generation), generation, range, limit, beginning });
    },

    promote: (generation) => promoteGeneration(place, generation),

    drop: (generation) => dropGeneration(place, generation),

    async close() {
      lanes.clear();
      await connection.close();
    },
  };
}
