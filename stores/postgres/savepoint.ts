import type { Batch } from '../store';
import type { Connection } from './connection';

/** What a transaction held before a batch that may be refused in part. */
const name = 'slipstream_batch';

/** Somebody can do without single records of it: only then is the savepoint worth its round trips. */
export function isDivisible({ refusalLimit = 1 }: Pick<Batch, 'refusalLimit'>): boolean {
  return refusalLimit > 1;
}

export async function savepoint(connection: Connection): Promise<void> {
  await connection.query({ text: `savepoint ${name}` });
}

export async function backToSavepoint(connection: Connection): Promise<void> {
  await connection.query({ text: `rollback to savepoint ${name}` });
  await releaseSavepoint(connection);
}

/** Left in place, each batch of a long transaction would stand within the one before: thousands of levels. */
export async function releaseSavepoint(connection: Connection): Promise<void> {
  await connection.query({ text: `release savepoint ${name}` });
}
