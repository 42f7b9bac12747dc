import { capabilitiesOf } from '../../model/capabilities';
import { InvalidConfig, Unavailable } from '../../model/errors';
import { canonicalOffsets, type Offsets } from '../../model/offsets';
import { behind, describe, fenced, judgeBatch, ownerToken, type LaneRecord } from '../ownership';
import { Refused } from '../refused';
import type { Applied, Batch, Generation, Owner, Store, StoreContext } from '../store';
import { connect, type Connection, type Reply } from './client';
import { encodeMutations, type Columns, type Encoded } from './documents';
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
import { parseRecord, takeLane } from './lane';
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

    batchesAtOnce: 1,
    gatherMs: 0,

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
      const encoded = encoding(() => encodeMutations(mutations, { generation, columns: held, form, refusalLimit }));
      if (encoded instanceof Refused) {
        // Invariant 4: the fence comes first. Told that its records are refused, an owner that was replaced would go on
        // to name them, or to park them, for a lane that somebody else looks after.
        const record = parseRecord(await connection.ask(['HGETALL', names.lane(number, lane)]));
        if (record && judgeBatch(record, generation, batch) === 'apply') throw encoded;
        return notApplied(record, generation, batch);
      }
      const { upserts, deletes, args } = encoded;
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
      return notApplied(recordOf(answer), generation, batch);
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

/** Why a batch was not applied, by the record as it stands; null: there is none. Returns when it had been before. */
function notApplied(record: LaneRecord | null, generation: Generation, batch: Batch): Applied {
  const { lane, mutations } = batch;
  const verdict = record ? judgeBatch(record, generation, batch) : 'behind';
  switch (verdict) {
    case 'repeated':
      return { durable: true, upserts: 0, deletes: 0, repeated: mutations.length };
    case 'fenced':
      throw fenced(generation, lane);
    case 'behind':
      throw behind(generation, lane);
    case 'apply':
      throw new Unavailable(`The record of ${describe(generation)} is not one of ours. It is tried again.`);
  }
}

function encoding(encode: () => Encoded): Encoded | Refused {
  try {
    return encode();
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
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
