import type { Client } from 'pg';
import { lsnFromText } from '../model/position';

/** How far the source's WAL is on disk, decimal digits: nothing beyond it can be streamed. */
export async function readFlushLsn(client: Client): Promise<string> {
  const { rows } = await client.query<{ lsn: string }>('select pg_current_wal_flush_lsn() as lsn');
  return lsnFromText(rows[0]?.lsn ?? '0/0');
}

/** Bytes of WAL between a position and the source's end; never negative. */
export function lagBytes(flushLsn: string, positionLsn: string): number {
  const lag = BigInt(flushLsn) - BigInt(positionLsn);
  return lag > 0n ? Number(lag) : 0;
}
