/**
 * What is known of a replication slot, and what is made of it: plain values, JSON. The judgement is in `slot-health.ts`.
 */

/** One look at the source. Times are milliseconds since the Unix epoch on our clock, LSNs decimal digits. */
export interface SlotSample {
  readonly at: number;
  /** Where the source's WAL ends on disk. */
  readonly flushLsn: string;
  /** null: there is no such slot. */
  readonly slot: SlotLook | null;
  /** `max_slot_wal_keep_size`; null: without limit. */
  readonly limitBytes: number | null;
  /** `idle_replication_slot_timeout`; 0: never, or a server before 18. */
  readonly idleTimeoutSeconds: number;
  /** Messages of transactions that our session had from the slot by then; absent: nobody of ours was reading. */
  readonly received?: number;
  /** The oldest transaction that has written something and has not ended, in whatever database. */
  readonly oldest: OpenTransaction | null;
}

/** A row of `pg_replication_slots`. */
export interface SlotLook {
  /** `reserved`, `extended`, `unreserved` or `lost`; null while the slot is being made. */
  readonly walStatus: string | null;
  readonly invalidationReason: string | null;
  readonly restartLsn: string | null;
  readonly confirmedLsn: string | null;
  /** WAL that may still be written before the slot can be lost; null: without limit. */
  readonly safeBytes: number | null;
  readonly active: boolean;
  /** null: not told, by servers before 17. */
  readonly inactiveSince: number | null;
}

export interface OpenTransaction {
  /** Process or name, role and database. */
  readonly who: string;
  /** null: this role may not see it. */
  readonly since: number | null;
  /** Ends it. */
  readonly statement: string;
}

/** `warning` is told in the log; `danger` makes capture DEGRADED; `lost` BLOCKED. */
export type SlotLevel = 'well' | 'warning' | 'danger' | 'lost';

/** Plain JSON: part of capture's progress, so of heartbeats, workflow state and `status`. */
export interface SlotHealth {
  readonly level: SlotLevel;
  /** Since when at this level, and when it was seen last. */
  readonly since: number;
  readonly at: number;
  readonly walStatus: string | null;
  /** WAL between the slot's restart position and the end; null when there is no slot, or none of its WAL. */
  readonly retainedBytes: number | null;
  readonly limitBytes: number | null;
  /** WAL that may still be written before the slot can be lost; null: without limit, or lost. */
  readonly leftBytes: number | null;
  /** At the growth that was seen; null: it does not grow, or there is no limit. */
  readonly lostInMinutes: number | null;
  /** The worst first, three at most: what is wrong, and what mends it. */
  readonly notes: readonly string[];
}
