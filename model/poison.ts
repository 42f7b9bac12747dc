import type { Row } from './change';
import { describeKey } from './describe-key';
import { PoisonRecord, type PoisonReason } from './errors';

/** Which record of the log. */
export interface RecordPlace {
  readonly table: string;
  /** null: it cannot be told. */
  readonly key: Row | null;
  /** Of its own partition, decimal digits. */
  readonly offset: string;
}

const cures: Readonly<Record<PoisonReason, string>> = {
  undecodable: 'Something else writes to this topic, or a newer version did: stop it',
  unmappable: 'Correct the mapping and rebuild the store',
  unstorable: 'Make room for it in the store and retry, or rebuild the store with a definition that fits',
};

/**
 * The error of one record. `why` is a clause without a full stop, and holds no value of the row: the message ends in
 * history and logs.
 */
export function poisonRecord(reason: PoisonReason, { table, key, offset }: RecordPlace, why: string): PoisonRecord {
  const which = key === null ? '' : ` (${describeKey(key)})`;
  return new PoisonRecord(
    reason,
    `The record of ${table} at offset ${offset}${which}: ${why}. ${cures[reason]}; or have such records parked ("poison" of the store).`,
  );
}
