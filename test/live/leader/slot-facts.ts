import type { Client } from 'pg';
import { lsnFromText } from '../../../model/position';
import type { Source } from '../capture/source';

/** What PostgreSQL itself says of a source's slot: the truth that our judgement is held against. */
export async function slotFacts(source: Source): Promise<{
  readonly walStatus: string;
  readonly confirmedLsn: string;
  readonly retainedBytes: number;
  readonly leftBytes: number | null;
}> {
  const { rows } = await source.sql.query<
    Record<'status' | 'confirmed' | 'retained', string> & { left: string | null }
  >(
    `select wal_status as status, confirmed_flush_lsn::text as confirmed, safe_wal_size::text as left,
            coalesce(pg_current_wal_lsn() - restart_lsn, 0)::text as retained
       from pg_replication_slots where slot_name = $1`,
    [source.options.pipeline.source.slot],
  );
  const [row] = rows;
  if (!row) throw new Error('There is no slot.');
  return {
    walStatus: row.status,
    confirmedLsn: lsnFromText(row.confirmed),
    retainedBytes: Number(row.retained),
    leftBytes: row.left === null ? null : Number(row.left),
  };
}

/** So many megabytes of WAL that concern nobody. */
export async function writeWal(client: Client, megabytes: number): Promise<void> {
  await client.query(
    `select count(pg_logical_emit_message(false, 'noise', repeat('x', 1024 * 1024 - 64))) from generate_series(1, $1)`,
    [megabytes],
  );
}

/**
 * Has the server write down which transactions run, as it does by itself every 15 s: behind that record, once it is
 * confirmed, a slot's restart position may move.
 */
export async function logRunning(client: Client): Promise<void> {
  await client.query('select pg_log_standby_snapshot()');
}
