import { Blocked } from '../../model/errors';
import { bisect } from '../bisect';
import { Refused, refusal, type Refusal } from '../refused';
import type { Generation } from '../store';
import { createChunk, type Chunk } from './chunks';
import type { Connection } from './connection';
import { conditionOf, reactionTo } from './errors';

/** A statement was refused for a value that it brings. */
export class ChunkRefused extends Error {
  override readonly name = 'ChunkRefused';
  constructor(
    readonly target: string,
    override readonly cause: unknown,
  ) {
    super('a value was refused');
  }
}

/** Between two questions everything is as it was before the first. */
const probe = 'slipstream_probe';

/**
 * Which mutations of a batch the server refuses, as an error that names them and holds nothing of their values. Asked by
 * halving, within the transaction that is open, each answer undone: for one of a thousand about twelve statements.
 */
export async function describeRefusal(
  connection: Connection,
  {
    generation,
    chunks,
    limit,
    refused,
  }: {
    readonly generation: Generation;
    readonly chunks: Iterable<Chunk>;
    /** How many to name. */
    readonly limit: number;
    readonly refused: ChunkRefused;
  },
): Promise<Error> {
  const refusals: Refusal[] = [];
  for (const chunk of chunks) {
    if (refusals.length >= limit) break;
    if ((await refusalOf(connection, chunk, chunk.mutations)) === null) continue;
    const ask = (part: Chunk['mutations']) => refusalOf(connection, chunk, part);
    for (const { item, why } of await bisect(chunk.mutations, ask, limit - refusals.length)) {
      refusals.push(refusal(generation, item, conditionOf(why)));
    }
  }
  const [first, ...others] = refusals;
  if (first) return new Refused([first, ...others]);
  return new Blocked(
    'unstorable',
    `The store's table ${refused.target} refuses a batch whose records it takes one by one: ${conditionOf(refused.cause)}. ` +
      'Look at its constraints and triggers; then retry.',
  );
}

async function refusalOf(connection: Connection, { table, kind }: Chunk, mutations: Chunk['mutations']) {
  const { statement } = createChunk(table, kind, mutations);
  await connection.query({ text: `savepoint ${probe}` });
  try {
    await connection.query(statement);
    return null;
  } catch (error) {
    if (reactionTo(error) !== 'refused') throw error;
    return error;
  } finally {
    if (connection.usable)
      await connection.query({ text: `rollback to savepoint ${probe}; release savepoint ${probe}` });
  }
}
