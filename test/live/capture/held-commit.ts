import type { Client } from 'pg';
import type { Source } from './source';

/** From here on commits are decoded and wait, until `release`: shown by a commit of its own that does. */
export async function hold(source: Source): Promise<void> {
  await source.sql.query('set synchronous_commit = local');
  await source.sql.query(`alter system set synchronous_standby_names = 'nobody'`);
  await source.sql.query('select pg_reload_conf()');
  const probe = await source.connect();
  for (;;) {
    let done = false;
    const commit = probe.query('insert into probe values (1)').then(() => (done = true));
    while (!done && !(await waitsForStandby(source, probe)));
    if (done) continue; // the server had not read its configuration again
    void commit.then(() => probe.end());
    return;
  }
}

export async function release(source: Source): Promise<void> {
  await source.sql.query('alter system reset synchronous_standby_names');
  await source.sql.query('select pg_reload_conf()');
}

/** Resolves once the client's commit is in the WAL and waits for a standby; rejects when it does not wait. */
export async function untilDecodable(source: Source, writer: Client): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await waitsForStandby(source, writer))) {
    if (Date.now() > deadline) throw new Error('The commit did not wait for a standby.');
  }
}

async function waitsForStandby(source: Source, client: Client): Promise<boolean> {
  const { processID } = client as unknown as { processID: number };
  const { rows } = await source.sql.query<{ event: string | null }>(
    'select wait_event as event from pg_stat_activity where pid = $1',
    [processID],
  );
  return rows[0]?.event === 'SyncRep';
}
