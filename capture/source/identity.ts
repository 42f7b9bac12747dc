import { Blocked } from '../../model/errors';
import { compareDecimal, lsnToText, type Position } from '../../model/position';

/** The server at the other end, as `IDENTIFY_SYSTEM` tells. */
export interface SourceSystem {
  readonly systemId: string;
  readonly timeline: number;
  /** WAL written to disk, decimal digits. */
  readonly flushLsn: string;
  readonly database: string;
}

/** One row of `pg_replication_slots`. */
export interface SlotRow {
  readonly name: string;
  readonly plugin: string | null;
  readonly database: string | null;
  readonly activePid: number | null;
  /** Decimal digits; null while the slot is being made. */
  readonly confirmedLsn: string | null;
  readonly walStatus: string | null;
  readonly invalidationReason: string | null;
}

/** What the last position record says of the source. */
export interface LastRecord {
  readonly systemId: string;
  readonly timeline: number;
  readonly position: Position;
}

/**
 * May capture go on from the log's last record? Null, or why not (Invariant 9). The order matters: another server's slot
 * says nothing about ours, so the server is judged first.
 */
export function judgeSource(input: {
  readonly slotName: string;
  readonly slot: SlotRow | null;
  readonly system: SourceSystem;
  readonly last: LastRecord;
}): Blocked | null {
  const { slot, slotName, system, last } = input;
  if (system.systemId !== last.systemId) {
    return new Blocked(
      'source-replaced',
      `The source is another database cluster: its system id is ${system.systemId}, the log was begun with ` +
        `${last.systemId}. ${remedy}`,
    );
  }
  if (system.timeline !== last.timeline) {
    return new Blocked(
      'source-replaced',
      `The source is on timeline ${system.timeline}, the log was written from timeline ${last.timeline}: after a ` +
        `failover or a restore, changes in the log may be missing in the source. ${remedy}`,
    );
  }
  if (compareDecimal(system.flushLsn, last.position.lsn) < 0) {
    return new Blocked(
      'source-rewound',
      `The source's WAL ends at ${lsnToText(system.flushLsn)}, before the log's last position ` +
        `${lsnToText(last.position.lsn)}: it was restored from a backup. ${remedy}`,
    );
  }
  return judgeSlot(slot, { slotName, database: system.database, position: last.position });
}

function judgeSlot(
  slot: SlotRow | null,
  expected: { readonly slotName: string; readonly database: string; readonly position: Position },
): Blocked | null {
  const lost = (what: string) =>
    new Blocked(
      'slot-lost',
      `The replication slot ${expected.slotName} ${what}: changes since ` +
        `${lsnToText(expected.position.lsn)} may be gone. ${remedy}`,
    );
  if (slot === null) return lost('does not exist any more');
  if (slot.plugin !== 'pgoutput') return lost(`is not a pgoutput slot (${slot.plugin ?? 'physical'})`);
  if (slot.database !== expected.database) return lost(`belongs to the database ${slot.database ?? '(none)'}`);
  if (slot.walStatus === 'lost' || slot.invalidationReason !== null) {
    return lost(`was invalidated by the server (${slot.invalidationReason ?? 'its WAL was removed'})`);
  }
  if (slot.confirmedLsn === null) return lost('has no confirmed position');
  // Invariant 1: we never confirm beyond the last position record, so someone else did, and what lies between is gone.
  if (compareDecimal(slot.confirmedLsn, expected.position.lsn) > 0) {
    return new Blocked(
      'slot-ahead',
      `The replication slot ${expected.slotName} is confirmed up to ${lsnToText(slot.confirmedLsn)}, beyond the log's ` +
        `last position ${lsnToText(expected.position.lsn)}: another client read it, or it was made anew, and the changes ` +
        `between were never captured. ${remedy}`,
    );
  }
  return null;
}

const remedy = 'Begin a new log with a new pipeline; the stores are built from it beside what they hold.';
