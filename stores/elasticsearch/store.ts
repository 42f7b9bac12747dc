import { capabilitiesOf } from '../../model/capabilities';
import { InvalidConfig, Unavailable } from '../../model/errors';
import { describe, fenced, judgeBatch } from '../ownership';
import { allDocuments, idsBeginWith } from '../../model/mapping';
import type { Batch, Generation, Lane, Store, StoreContext } from '../store';
import { writeMutations } from './bulk';
import { connect, type Connection } from './client';
import { extendIndex, fitVersion } from './fit';
import { foreignWrite, watchWriters, type WriterWatch } from './foreign-writes';
import { dropGeneration, inspectGenerations, prepareGeneration, promoteGeneration } from './generations';
import { admit, moveRecord, readLane, takeLane, type LaneState } from './lane';
import { generationIndex, writeAlias } from './names';
import { scanDocuments } from './scan';
import { laneLost } from './send';

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
  /** Per lane, its state as this process last read or wrote it: spares a read per batch, and is forgotten on any error. */
  const known = new Map<string, LaneState>();
  const nameOf = ({ number }: Generation) => generationIndex(definition.index, number);
  const keyOf = (generation: Generation, lane: Lane) => `${generation.number}/${lane.index}`;

  /** What a batch finds: remembered if that admits it, else as the store says now. Throws if it is not admitted. */
  const stateFor = async (generation: Generation, batch: Batch): Promise<LaneState> => {
    const key = keyOf(generation, batch.lane);
    const remembered = known.get(key);
    known.delete(key);
    if (remembered && judgeBatch(remembered, generation, batch) === 'apply') return remembered;
    return readLane(ask, nameOf(generation), generation, batch.lane);
  };

  /**
   * After a refused write: the batch is held all the same (the answer to its record was lost), or why not. A record that
   * moved under our feet while the lane is ours is the previous owner's last write, let in just before the alias was
   * swapped: what it says is true, so this attempt ends and the next begins there. No person has to look at it.
   */
  const lookAgain = async (generation: Generation, batch: Batch): Promise<LaneState> => {
    const state = await readLane(ask, nameOf(generation), generation, batch.lane);
    const verdict = judgeBatch(state, generation, batch);
    if (verdict === 'repeated') return state;
    if (verdict === 'fenced') throw fenced(generation, batch.lane);
    throw new Unavailable(
      `A write of its previous owner reached lane ${batch.lane.index} of ${describe(generation)} late. The lane is acquired anew.`,
    );
  };

  return {
    capabilities: capabilitiesOf(definition),

    inspect: () => inspectGenerations(place),

    prepare: (generation) => prepareGeneration(place, generation),

    async acquire(generation, lane, owner) {
      const state = await takeLane(ask, { index: nameOf(generation), generation, lane, owner });
      known.set(keyOf(generation, lane), state);
      writers.acquired(keyOf(generation, lane), { ...state, owner });
      const { next, position, positionAt, logId, mappingHash } = state.record;
      return { next, position, positionAt, logId, mappingHash };
    },

    async apply(generation, batch, signal) {
      signal.throwIfAborted();
      const { lane, owner, mutations } = batch;
      const index = nameOf(generation);
      const state = await stateFor(generation, batch);
      if (admit(state, generation, batch) === 'repeated') {
        known.set(keyOf(generation, lane), state);
        return { durable: true, upserts: 0, deletes: 0, repeated: mutations.length };
      }
      const alias = writeAlias(index, lane, owner);
      const alone = writers.begins(keyOf(generation, lane), state.record.positionAt);
      const written = await writeMutations(ask, { generation, alias, mutations, signal });
      if (written === laneLost) {
        known.set(keyOf(generation, lane), await lookAgain(generation, batch));
        return { durable: true, upserts: 0, deletes: 0, repeated: mutations.length };
      }
      const { conflict, ...counts } = written;
      if (conflict && alone) throw foreignWrite(generation, conflict);
      // Invariant 3: the record moves when every mutation has been answered. The other way round, a crash between the two
      // would skip what was not written yet.
      const moved = await moveRecord(ask, { index, generation, batch, state, signal });
      if (moved) writers.ended(keyOf(generation, lane), moved.sequence);
      known.set(keyOf(generation, lane), moved ?? (await lookAgain(generation, batch)));
      return { durable: true, ...counts };
    },

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
      known.clear();
      await connection.close();
    },
  };
}
