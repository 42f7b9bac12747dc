import { Blocked } from '../../model/errors';
import type { Mutation } from '../../model/mutation';
import { createChunk, type Chunk } from './chunks';
import { rollback, type Connection } from './connection';
import { conditionOf, reactionTo } from './errors';

/**
 * Which record of a chunk the server refuses: `Blocked` unstorable with its offset, and nothing of its values. Found by
 * halving, in transactions that are rolled back; about ten statements, once, for a lane that waits for a person anyway.
 */
export async function describeRefusal(connection: Connection, chunk: Chunk, refusal: unknown): Promise<Error> {
  let suspects = chunk.mutations;
  let error = refusal;
  while (suspects.length > 1) {
    const half = suspects.slice(0, Math.ceil(suspects.length / 2));
    const refused = await refusalOf(connection, chunk, half);
    error = refused ?? error;
    suspects = refused ? half : suspects.slice(half.length);
  }
  const [suspect] = suspects;
  // Each half may pass where the whole does not (one key twice): then no single record can be named.
  const confirmed = suspect && (await refusalOf(connection, chunk, [suspect]));
  const record = confirmed ? `the record at offset ${suspect.version} of its partition` : 'a batch';
  return new Blocked(
    'unstorable',
    `The store's table ${chunk.table.target} refuses ${record}: ${conditionOf(confirmed || error)}. Correct the row at the source, or rebuild with a mapping that fits.`,
  );
}

async function refusalOf(connection: Connection, { table, kind }: Chunk, mutations: readonly Mutation[]) {
  const { statement } = createChunk(table, kind, mutations);
  await connection.query({ text: 'begin' });
  try {
    await connection.query(statement);
    return null;
  } catch (error) {
    if (reactionTo(error) !== 'refused') throw error;
    return error;
  } finally {
    await rollback(connection);
  }
}
