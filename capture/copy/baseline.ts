import type { Client } from 'pg';
import { parseSnapshot, streamedForm, type Snapshot } from './snapshot';

/**
 * Transactions that an earlier session, or this one before it had anything to copy, may have streamed and that nobody can
 * see yet. The stream does not bring them again, so they have to be known from the source: an id of our own is taken and
 * committed, which puts every older id below the next snapshot's xmax, and whichever of those is still in progress is in
 * its `xip`. Those that were never streamed are among them too, and the copy waits for them as well: that also covers
 * transactions which wrote to a table before it was published. The fence must be taken before this, or the earlier
 * session could stream one more.
 */
export async function takeBaseline(client: Client): Promise<number[]> {
  await client.query('select pg_current_xact_id()');
  const snapshot = await takeSnapshot(client);
  return snapshot.xip.map(streamedForm);
}

export async function takeSnapshot(client: Client): Promise<Snapshot> {
  const { rows } = await client.query<{ snapshot: string }>('select pg_current_snapshot()::text as snapshot');
  return parseSnapshot(rows[0]?.snapshot ?? '');
}
