import type { Client } from 'pg';
import { Blocked, InvalidConfig, Unavailable } from '../../model/errors';
import { lsnFromText } from '../../model/position';
import type { SlotRow } from './identity';
import { walLevelTooLow } from './connection';

/** How long a server is given to end a walsender that was told to. */
const terminateMs = 5_000;

interface Row {
  readonly plugin: string | null;
  readonly database: string | null;
  readonly active_pid: string | null;
  readonly confirmed_flush_lsn: string | null;
  readonly wal_status: string | null;
  readonly invalidation_reason: string | null;
}

export async function readSlot(client: Client, name: string): Promise<SlotRow | null> {
  // Through JSON, since `invalidation_reason` exists from PostgreSQL 17 on only.
  const { rows } = await client.query<Row>(
    `select plugin, database, active_pid, confirmed_flush_lsn, wal_status, to_jsonb(s) ->> 'invalidation_reason' as invalidation_reason
       from pg_replication_slots s where slot_name = $1`,
    [name],
  );
  const row = rows[0];
  if (!row) return null;
  return {
    name,
    plugin: row.plugin,
    database: row.database,
    activePid: row.active_pid === null ? null : Number(row.active_pid),
    confirmedLsn: row.confirmed_flush_lsn === null ? null : lsnFromText(row.confirmed_flush_lsn),
    walStatus: row.wal_status,
    invalidationReason: row.invalidation_reason,
  };
}

export async function checkWalLevel(client: Client): Promise<void> {
  const { rows } = await client.query<{ wal_level: string }>('show wal_level');
  if (rows[0]?.wal_level !== 'logical') throw walLevelTooLow();
}

/**
 * Creates the slot: from its position on, every commit is kept for us. Waits until the transactions open now have
 * ended, since only then does the server know a point from which it can decode all that follows.
 */
export async function createSlot(client: Client, name: string): Promise<SlotRow> {
  await client.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [name]);
  const slot = await readSlot(client, name);
  if (!slot)
    throw new Unavailable(`The replication slot ${name} was dropped as soon as it was made. It is tried again.`);
  return slot;
}

/** A slot that another attempt is still making has no position yet: it waits for transactions that are open. */
export function refuseUnfinished(slot: SlotRow): void {
  if (slot.confirmedLsn !== null) return;
  throw new Unavailable(
    `The replication slot ${slot.name} is being made and waits for open transactions of the source to end. ` +
      'End them, if they are forgotten (pg_stat_activity, pg_prepared_xacts). It is tried again.',
  );
}

/**
 * Frees the slot from a walsender whose client is stuck or gone. The fence is taken before this, so whoever reads the
 * slot now can append nothing more: ending it loses nothing. The same role may do this without being superuser.
 */
export async function freeSlot(client: Client, name: string): Promise<void> {
  const slot = await readSlot(client, name);
  if (slot === null) throw new Blocked('slot-lost', `The replication slot ${name} does not exist any more.`);
  if (slot.activePid === null) return;
  const { rows } = await client.query<{ ended: string }>('select pg_terminate_backend($1, $2) as ended', [
    slot.activePid,
    terminateMs,
  ]);
  if (rows[0]?.ended !== 't') {
    throw new Unavailable(
      `The replication slot ${name} is still in use by process ${slot.activePid} of the source. It is tried again.`,
    );
  }
}

/** Seen while a session reads the slot, or while nobody does; at a session's start `judgeSource` says the same. */
export function slotLost(name: string, why: string): Blocked {
  return new Blocked(
    'slot-lost',
    `The replication slot ${name} is lost. ${why} Changes that were not captured yet may be gone. Begin a new log with a ` +
      'new pipeline; the stores are built from it beside what they hold.',
  );
}

/** A replication slot's name has a form of its own; PostgreSQL's message would come late and without the place. */
export function checkSlotName(name: string): void {
  if (/^[a-z0-9_]{1,63}$/.test(name)) return;
  throw new InvalidConfig(`source.slot: '${name}' is not a slot name: 1 to 63 of a-z, 0-9 and _.`);
}
