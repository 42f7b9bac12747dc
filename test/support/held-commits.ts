import type { Client } from 'pg';
import { openDatabase, type Database } from './database';
import { waitFor } from './wait';

/** Commits that are in the WAL, so capture streams them, and visible to nobody, so a copy's read misses them. */
export interface HeldCommits {
  /** Runs one statement; resolves when its commit is decodable and waits. */
  commit(statement: string): Promise<void>;
  /** Lets them all through; resolves when they are visible. May be repeated. */
  release(): Promise<void>;
}

/**
 * From here on those who ask for it wait, with their commit, for a standby that does not exist: on a quiet machine the
 * time between decodable and visible is micro-seconds, here it is as long as the test wants. Everybody else on the
 * server commits as before.
 */
export async function holdCommits(url: string): Promise<HeldCommits> {
  const database = openDatabase(url);
  const committing: Promise<unknown>[] = [];
  let released: Promise<void> | null = null;
  await configure(database, [
    `alter system set synchronous_commit = local`,
    `alter system set synchronous_standby_names = 'nobody'`,
  ]);

  async function commit(statement: string): Promise<void> {
    const client = await database.connect();
    await client.query('set synchronous_commit = on');
    const running = client.query(statement).finally(() => client.end());
    committing.push(running);
    const waits = await Promise.race([running.then(() => false), isHeld(database, client)]);
    if (!waits) throw new Error(`It did not wait for a standby: ${statement}`);
  }

  async function release(): Promise<void> {
    await configure(database, [
      'alter system reset synchronous_standby_names',
      'alter system reset synchronous_commit',
    ]);
    await Promise.all(committing);
    await database.close();
  }

  const held: HeldCommits = { commit, release: () => (released ??= release()) };
  await waitFor({
    what: 'the server to make commits wait',
    seconds: 20,
    // Writes WAL and no row; rejects as long as the server has not read its configuration again.
    look: () => commit(`select pg_logical_emit_message(true, 'probe', '')`),
    until: () => true,
  }).catch(async (error: unknown) => {
    await held.release();
    throw error;
  });
  return held;
}

async function configure(database: Database, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await database.query(statement);
  await database.query('select pg_reload_conf()');
}

/** False: it has ended, and did not wait. */
async function isHeld(database: Database, client: Client): Promise<boolean> {
  const { processID } = client as unknown as { processID: number };
  const [row] = await waitFor({
    what: 'a commit to wait for a standby',
    seconds: 20,
    everyMs: 5,
    look: () => database.query('select wait_event from pg_stat_activity where pid = $1', [processID]),
    until: ([seen]) => seen === undefined || seen['wait_event'] === 'SyncRep',
  });
  return row !== undefined;
}

/**
 * Makes all commits of the whole server wait, again and again for a moment, for loads of which any transaction may be the
 * one that is met. Both times are lengths of a load and wait for nothing: no test depends on what falls into them.
 */
export function holdCommitsNowAndThen(
  serverUrl: string,
  { heldMs, freeMs }: { heldMs: number; freeMs: number },
): { stop(): Promise<void> } {
  const server = openDatabase(serverUrl);
  const stopped = new AbortController();
  const running = (async () => {
    while (!stopped.signal.aborted) {
      await configure(server, [`alter system set synchronous_standby_names = 'nobody'`]);
      await pause(heldMs);
      await configure(server, ['alter system reset synchronous_standby_names']);
      await pause(freeMs);
    }
  })();
  return {
    async stop() {
      stopped.abort();
      await running;
      await server.close();
    },
  };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
