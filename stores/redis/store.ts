import { capabilitiesOf } from '../../model/capabilities';
import { InvalidConfig, Unavailable } from '../../model/errors';
import { canonicalOffsets, type Offsets } from '../../model/offsets';
import { behind, describe, fenced, judgeBatch, ownerToken, type LaneRecord } from '../ownership';
import type { Owner, Store, StoreContext } from '../store';
import { connect, type Connection, type Reply } from './client';
import { encodeMutations, type Columns } from './documents';
import { extendGeneration, fitVersion } from './fit';
import {
  checkMeta,
  dropGeneration,
  inspectGenerations,
  prepareGeneration,
  promoteGeneration,
  readMeta,
  type Place,
} from './generations';
import { takeLane } from './lane';
import { keyPrefix, namesOf } from './names';
import { scanDocuments } from './scan';
import { scripts as ours, type Scripts } from './scripts';

/** What a test replaces to sabotage a mechanism, to count commands or to die between two of them. */
export interface RedisParts {
  readonly connect: (url: string) => Connection;
  readonly scripts: Scripts;
}

/**
 * A cache: a key per document under a prefix per generation, and one key that says which prefix readers use. A batch is
 * one script, data and offsets together, and the script is the fence.
 *
 * Throws `InvalidConfig` for a definition of another type or a url that is none. Opens no connection by itself.
 */
export function openRedisStore(context: StoreContext, parts: Partial<RedisParts> = {}): Store {
  const { definition } = context;
  if (definition.type !== 'redis') {
    throw new InvalidConfig(`Store ${context.pipeline}/${context.store} is not of type redis.`);
  }
  const form = definition.as;
  const connection = (parts.connect ?? connect)(context.url);
  const scripts = parts.scripts ?? ours;
  const names = namesOf(keyPrefix(context));
  const place: Place = { connection, scripts, names, context };
  /** By generation: what it holds. Another process may extend it, and then this one has to acquire its lane again. */
  const columns = new Map<number, Columns>();

  return {
    capabilities: capabilitiesOf(definition),

    inspect: () => inspectGenerations(place),

    prepare: (generation) => prepareGeneration(place, generation),

    async acquire(generation, lane, owner) {
      const meta = await readMeta(place, generation);
      checkMeta(meta, generation);
      columns.set(generation.number, meta.columns);
      return takeLane(place, { generation, lane, owner });
    },

    async apply(generation, batch, signal) {
      signal.throwIfAborted();
      const { lane, owner, mutations, from, to, position, positionAt } = batch;
      const { number, logId, mappingHash } = generation;
      const held = columns.get(number);
      // Who acquired nothing here owns nothing.
      if (!held) throw fenced(generation, lane);
      const { refusalLimit = 1 } = batch;
      const { upserts, deletes, args } = encodeMutations(mutations, { generation, columns: held, form, refusalLimit });
      const told = [ownerToken(owner), logId, mappingHash, canonicalOffsets(from), canonicalOffsets(to)];
      const where = [JSON.stringify(position), positionAt, definition.ttlSeconds ?? 0];
      const answer = await connection.run(
        form === 'json' ? scripts.applyTexts : scripts.applyHashes,
        {
          keys: [names.lane(number, lane), names.ids(number)],
          args: [names.documents(number), ...told, ...where, upserts, deletes, ...args],
        },
        signal,
      );
      if (answer === 'applied') return { durable: true, upserts, deletes, repeated: 0 };
      const verdict = judgeBatch(recordOf(answer), generation, batch);
      if (verdict === 'repeated') return { durable: true, upserts: 0, deletes: 0, repeated: mutations.length };
      if (verdict === 'fenced') throw fenced(generation, lane);
      if (verdict === 'behind') throw behind(generation, lane);
      throw new Unavailable(`The record of ${describe(generation)} is not one of ours. It is tried again.`);
    },

    fit: (generation, table) => fitVersion(place, generation, table),

    async extend(generation, table, names) {
      columns.delete(generation.number);
      await extendGeneration(place, generation, { table, names });
    },

    // Nothing is held open between two batches.
    release: async () => undefined,

    scan: (generation, range, limit) => scanDocuments(place, { generation, range, limit, form }),

    promote: (generation) => promoteGeneration(place, generation),

    drop: (generation) => dropGeneration(place, generation),

    close: () => connection.close(),
  };
}

/** What the script saw when it refused: owner, log, mapping and offsets. */
function recordOf(answer: Reply): LaneRecord {
  const [owner, logId, mappingHash, next] = (answer ?? []) as readonly (string | null)[];
  return {
    owner: owner ? (JSON.parse(owner) as Owner) : null,
    logId: logId ?? '',
    mappingHash: mappingHash ?? '',
    next: JSON.parse(next ?? '{}') as Offsets,
  };
}
