import { finding, type Finding } from '../../model/finding';
import type { SlotRow } from '../source/identity';
import type { SlotHolder } from './source-facts';

/**
 * May this pipeline use its slot? Of a log that is begun already, `judgeSource` says whether slot and log still fit
 * each other; here that is left to it, so that capture can say BLOCKED with its reason. Pure.
 */
export function judgeSlot(input: {
  readonly name: string;
  readonly slot: SlotRow | null;
  readonly holder: SlotHolder | null;
  readonly database: string;
  readonly publication: string;
  /** The log has position records; null when Kafka did not say. */
  readonly logBegun: boolean | null;
  /** The pipeline that it is noted as being of, if that is another. */
  readonly otherOwner: string | null;
}): Finding[] {
  const { name, slot, holder, publication, logBegun, otherOwner } = input;
  const where = `slot ${name}`;
  if (slot === null) return [];
  const another = 'Set source.slot to a name of its own.';
  if (holder !== null && holder.publication !== null && holder.publication !== publication) {
    const what = `a client reads it for the publication ${holder.publication}.`;
    return [finding('slot-in-use', { where, what, cure: another })];
  }
  if (logBegun === true) {
    return slot.walStatus === 'unreserved' ? [unreserved(where)] : [];
  }
  if (otherOwner !== null) {
    return [finding('slot-in-use', { where, what: `it is the pipeline ${otherOwner}'s.`, cure: another })];
  }
  const unusable = judgeUnusable(slot, { where, database: input.database, temporary: holder?.temporary === true });
  if (unusable !== null) return [unusable];
  // One that is being made has no position yet: an attempt of ours waits for open transactions.
  if (slot.activePid !== null && slot.confirmedLsn !== null && holder?.publication !== publication) {
    return [finding('slot-in-use', { where, what: `process ${slot.activePid} reads it.`, cure: another })];
  }
  if (logBegun === null) return [];
  const cure = `If somebody else reads it, set source.slot to another name. Else run: ${dropSlot(name)}`;
  return [finding('slot-without-log', { where, what: 'it is there already, and the log is not.', cure })];
}

function judgeUnusable(
  slot: SlotRow,
  { where, database, temporary }: { readonly where: string; readonly database: string; readonly temporary: boolean },
): Finding | null {
  const cure = `Set source.slot to another name; or, if nobody reads it, run: ${dropSlot(slot.name)}`;
  if (slot.plugin !== 'pgoutput') {
    const what = `it is ${slot.plugin === null ? 'a physical slot' : `a slot of the plugin ${slot.plugin}`}.`;
    return finding('slot-foreign', { where, what, cure });
  }
  if (slot.database !== database) {
    return finding('slot-foreign', { where, what: `it belongs to the database ${slot.database ?? '?'}.`, cure });
  }
  if (temporary) return finding('slot-temporary', { where, what: 'it is temporary.', cure });
  if (slot.walStatus === 'lost' || slot.invalidationReason !== null) {
    const what = `the server has given it up (${slot.invalidationReason ?? 'its WAL was removed'}).`;
    return finding('slot-invalid', { where, what, cure: `Run: ${dropSlot(slot.name)}` });
  }
  return null;
}

function unreserved(where: string): Finding {
  return finding('slot-unreserved', {
    where,
    what: 'more WAL waits behind it than max_slot_wal_keep_size.',
    cure: 'Let capture run, or run, with more: alter system set max_slot_wal_keep_size = …; select pg_reload_conf();',
  });
}

function dropSlot(name: string): string {
  return `select pg_drop_replication_slot('${name}');`;
}
