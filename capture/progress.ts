import type { Client } from 'pg';
import { lsnFromText } from '../model/position';

/** How far the source's WAL is on disk, decimal digits: nothing beyond it can be streamed. */
export async function readFlushLsn(client: Client): Promise<string> {
  const { rows } = await client.query<{ lsn: string }>('select pg_current_wal_flush_lsn() as lsn');
  return lsnFromText(rows[0]?.lsn ?? '0/0');
}

/** How much WAL the source has, and how much of it the slot makes it keep. */
export interface WalSeen {
  /** As `readFlushLsn`. */
  readonly flushLsn: string;
  /** Bytes between the slot's restart position and the end; null when there is no such slot. */
  readonly retainedBytes: number | null;
}

export async function readWal(client: Client, slot: string): Promise<WalSeen> {
  const { rows } = await client.query<{ lsn: string; restart: string | null }>(
    `select pg_current_wal_flush_lsn() as lsn,
            (select restart_lsn from pg_replication_slots where slot_name = $1) as restart`,
    [slot],
  );
  const { lsn = '0/0', restart = null } = rows[0] ?? {};
  const flushLsn = lsnFromText(lsn);
  return { flushLsn, retainedBytes: restart === null ? null : lagBytes(flushLsn, lsnFromText(restart)) };
}

/** Bytes of WAL between a position and the source's end; never negative. */
export function lagBytes(flushLsn: string, positionLsn: string): number {
  const lag = BigInt(flushLsn) - BigInt(positionLsn);
  return lag > 0n ? Number(lag) : 0;
}
