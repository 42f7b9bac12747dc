import type { Client } from 'pg';
import { lsnFromText } from '../../model/position';
import type { OpenTransaction, SlotLook, SlotSample } from '../../model/slot-sample';

type Row<Name extends string> = Readonly<Record<Name, string | null>>;

/**
 * One look at the slot, and at the transaction that keeps it from letting WAL go. Reads catalogues and statistics only,
 * of any database. Ages are measured on the server and dated by our clock, so that two clocks never meet.
 */
export async function readSlotSample(client: Client, slot: string, now: () => number): Promise<SlotSample> {
  // Through JSON and pg_settings, since `invalidation_reason` and `inactive_since` exist from PostgreSQL 17 on only, and
  // the time-out of idle slots from 18 on.
  const { rows } = await client.query<
    Row<
      | ('flush' | 'limit_mb' | 'idle_seconds' | 'found' | 'wal_status' | 'invalidation' | 'restart' | 'confirmed')
      | ('safe' | 'active' | 'inactive_ms')
    >
  >(
    `select pg_current_wal_flush_lsn() as flush,
            (select setting from pg_settings where name = 'max_slot_wal_keep_size') as limit_mb,
            (select setting from pg_settings where name = 'idle_replication_slot_timeout') as idle_seconds,
            slot_name as found, wal_status, to_jsonb(s) ->> 'invalidation_reason' as invalidation,
            restart_lsn as restart, confirmed_flush_lsn as confirmed, safe_wal_size as safe, active,
            extract(epoch from clock_timestamp() - (to_jsonb(s) ->> 'inactive_since')::timestamptz) * 1000 as inactive_ms
       from (select) as one left join pg_replication_slots s on slot_name = $1`,
    [slot],
  );
  const oldest = await client.query<Row<'pid' | 'gid' | 'role' | 'database' | 'program' | 'age_ms'>>(oldestTransaction);
  const at = now();
  const row = rows[0];
  const limitMegabytes = Number(row?.limit_mb ?? -1);
  return {
    at,
    flushLsn: lsnFromText(row?.flush ?? '0/0'),
    slot: row?.found == null ? null : lookOf(row, at),
    limitBytes: limitMegabytes < 0 ? null : limitMegabytes * 1024 ** 2,
    idleTimeoutSeconds: Number(row?.idle_seconds ?? 0),
    oldest: oldest.rows[0] ? transactionOf(oldest.rows[0], at) : null,
  };
}

/**
 * Only what has written counts: a reader's snapshot holds no WAL. Of the others' sessions this role may see process, role
 * and transaction id, and with pg_read_all_stats (or pg_monitor) since when.
 */
const oldestTransaction = `
  select pid::text, null as gid, usename as role, datname as database, application_name as program,
         extract(epoch from clock_timestamp() - xact_start) * 1000 as age_ms, age(backend_xid) as xids
    from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid()
   union all
  select null, gid, owner, database, null, extract(epoch from clock_timestamp() - prepared) * 1000, age(transaction)
    from pg_prepared_xacts
   order by xids desc limit 1`;

function lookOf(
  row: Row<'wal_status' | 'invalidation' | 'restart' | 'confirmed' | 'safe' | 'active' | 'inactive_ms'>,
  at: number,
): SlotLook {
  const lsn = (text: string | null) => (text === null ? null : lsnFromText(text));
  return {
    walStatus: row.wal_status,
    invalidationReason: row.invalidation,
    restartLsn: lsn(row.restart),
    confirmedLsn: lsn(row.confirmed),
    safeBytes: row.safe === null ? null : Number(row.safe),
    active: row.active === 't',
    inactiveSince: row.inactive_ms === null ? null : Math.round(at - Number(row.inactive_ms)),
  };
}

function transactionOf(
  { pid, gid, role, database, program, age_ms }: Row<'pid' | 'gid' | 'role' | 'database' | 'program' | 'age_ms'>,
  at: number,
): OpenTransaction {
  const owner = `role ${role ?? '?'}, database ${database ?? '?'}`;
  const since = age_ms === null ? null : Math.round(at - Number(age_ms));
  if (gid !== null) {
    const quoted = `'${gid.replaceAll("'", "''")}'`;
    const statement = `rollback prepared ${quoted}; (in that database)`;
    return { who: `prepared, ${owner}`, since, statement };
  }
  const named = program === null || program === '' ? '' : `, ${program.slice(0, 40)}`;
  return { who: `process ${pid}, ${owner}${named}`, since, statement: `select pg_terminate_backend(${pid});` };
}
