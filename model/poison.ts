import type { Row } from './change';
import { describeKey } from './describe-key';
import { PoisonRecord, type PoisonReason } from './errors';
import type { StoreDefinition } from './pipeline';

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

/** What is to be done with what a generation has parked. */
export interface ParkedOrder {
  /** Tells one order from the next: an order that is obeyed twice does no harm. */
  readonly id: string;
  readonly action: 'retry' | 'skip';
  /** The key's id, as `slipstream parked list` shows it; absent: all, which only `retry` may. */
  readonly key?: string;
  /** Of `skip`: one record, or every record of the row. */
  readonly offset?: string;
}

/** The type of the failure that an update about parked records ends with when what it names is not parked. */
export const notParked = 'NotParked';

/** A store's policy, complete. */
export interface PoisonRules {
  readonly parks: Readonly<Record<PoisonReason, boolean>>;
  /** Records parked at once in one generation, those that wait behind another included. */
  readonly maxParked: number;
}

export function poisonRules({ poison = {} }: Pick<StoreDefinition, 'poison'>): PoisonRules {
  const { decode, map, store, maxParked = 1_000 } = poison;
  return {
    parks: { undecodable: decode === 'park', unmappable: map === 'park', unstorable: store === 'park' },
    maxParked,
  };
}

export function mayPark({ parks }: PoisonRules): boolean {
  return Object.values(parks).includes(true);
}

/** From so many records on, a batch of which more than half is poison is no accident of single rows. */
const stormRecords = 100;

/** How many records of one batch may turn out to be poison before it is a storm. */
export function poisonAllowed(records: number): number {
  return records < stormRecords ? records : Math.floor(records / 2);
}

/**
 * Why parking would hide that something is wrong with all records, or null. Both bounds together: of a store that
 * refuses everything at most `maxParked` records are set aside, and of a full batch none.
 */
export function judgeStorm(
  { maxParked }: PoisonRules,
  counts: {
    /** In the batch. */
    readonly records: number;
    /** Of them, poison that was not known before. */
    readonly poison: number;
    /** Parked already. */
    readonly parked: number;
    /** Would be parked now: the poison, and what waits behind it or behind what was parked before. */
    readonly more: number;
  },
): string | null {
  const { records, poison, parked, more } = counts;
  if (poison > poisonAllowed(records)) {
    return `${poison} of ${records} records of one batch cannot be carried on: that is no accident of single rows`;
  }
  if (parked + more <= maxParked) return null;
  return `${more} more records would be parked beside ${parked}, and poison.maxParked is ${maxParked}`;
}
