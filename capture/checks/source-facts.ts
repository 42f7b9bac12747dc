import type { Client } from 'pg';
import type { ClockReading } from '../../model/judge-clock';

/** The source's settings and this role's attributes, as far as capture depends on them. */
export interface ServerFacts {
  readonly version: string;
  /** `server_version_num`. */
  readonly versionNumber: number;
  readonly inRecovery: boolean;
  readonly walLevel: string;
  /** `server_encoding`. */
  readonly encoding: string;
  readonly database: string;
  readonly role: string;
  /** REPLICATION, or superuser. */
  readonly hasReplication: boolean;
  /** CREATE on the database. */
  readonly mayCreate: boolean;
  readonly slots: { readonly used: number; readonly allowed: number };
  readonly walSenders: { readonly used: number; readonly allowed: number };
  /** 0: never. */
  readonly walSenderTimeoutMs: number;
  /** -1: without limit. */
  readonly keptWalMegabytes: number;
  /** 0: never; servers before 18 have no such setting. */
  readonly idleSlotTimeoutSeconds: number;
}

/** What is known of a slot beyond `readSlot`. */
export interface SlotHolder {
  readonly temporary: boolean;
  /** The publication that the client now reading the slot asked for; null when nobody reads it, or it may not be seen. */
  readonly publication: string | null;
}

export async function readServer(client: Client): Promise<ServerFacts> {
  // Through pg_settings, which answers NULL for what an older server does not have.
  const { rows } = await client.query<Record<string, string | null>>(
    `select current_setting('server_version') as version, current_setting('server_version_num') as version_number,
            pg_is_in_recovery() as in_recovery, current_setting('wal_level') as wal_level,
            current_setting('server_encoding') as encoding,
            current_database() as database, current_user as role,
            (select rolreplication or rolsuper from pg_roles where rolname = current_user) as has_replication,
            has_database_privilege(current_database(), 'create') as may_create,
            (select count(*) from pg_replication_slots) as slots_used,
            current_setting('max_replication_slots') as slots_allowed,
            (select count(*) from pg_stat_replication) as senders_used,
            current_setting('max_wal_senders') as senders_allowed,
            (select setting from pg_settings where name = 'wal_sender_timeout') as sender_timeout,
            (select setting from pg_settings where name = 'max_slot_wal_keep_size') as kept,
            (select setting from pg_settings where name = 'idle_replication_slot_timeout') as idle_timeout`,
  );
  const row = rows[0] ?? {};
  const text = (name: string) => row[name] ?? '';
  const number = (name: string) => Number(row[name] ?? 0);
  return {
    version: text('version'),
    versionNumber: number('version_number'),
    inRecovery: text('in_recovery') === 't',
    walLevel: text('wal_level'),
    encoding: text('encoding'),
    database: text('database'),
    role: text('role'),
    hasReplication: text('has_replication') === 't',
    mayCreate: text('may_create') === 't',
    slots: { used: number('slots_used'), allowed: number('slots_allowed') },
    walSenders: { used: number('senders_used'), allowed: number('senders_allowed') },
    walSenderTimeoutMs: number('sender_timeout'),
    keptWalMegabytes: Number(row['kept'] ?? -1),
    idleSlotTimeoutSeconds: number('idle_timeout'),
  };
}

export async function readSlotHolder(client: Client, name: string): Promise<SlotHolder | null> {
  const { rows } = await client.query<{ temporary: string; command: string | null }>(
    `select s.temporary, a.query as command from pg_replication_slots s
       left join pg_stat_activity a on a.pid = s.active_pid where s.slot_name = $1`,
    [name],
  );
  const row = rows[0];
  return row ? { temporary: row.temporary === 't', publication: publicationOf(row.command) } : null;
}

/** A walsender shows its START_REPLICATION command, the option's value as an SQL string of quoted names. */
export function publicationOf(command: string | null): string | null {
  const quoted = /publication_names\s+'((?:[^']|'')*)'/.exec(command ?? '')?.[1]?.replaceAll("''", "'");
  if (quoted === undefined) return null;
  return /^"((?:[^"]|"")*)"$/.exec(quoted)?.[1]?.replaceAll('""', '"') ?? quoted;
}

export async function readClock(client: Client, server: string): Promise<ClockReading> {
  const askedAt = Date.now();
  const { rows } = await client.query<{ ms: string }>('select extract(epoch from clock_timestamp()) * 1000 as ms');
  return { server, serverMs: Number(rows[0]?.ms), askedAt, answeredAt: Date.now() };
}
