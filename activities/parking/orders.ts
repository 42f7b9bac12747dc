import type { PoisonRecord } from '../../model/errors';
import { coalesce, type Mutation } from '../../model/mutation';
import type { ParkedOrder } from '../../model/poison';
import { Refused } from '../../stores/refused';
import { compareDecimal } from '../../model/position';
import type { FetchedRecord } from '../../stream/log';
import type { ParkedEntry, ParkedRecord } from '../../stream/parked-format';
import type { ParkedLog } from '../../stream/parked-log';
import type { FollowSliceInput } from '../activities';
import type { Deps } from '../deps';
import { laneName } from '../lane-session';
import type { Mapped } from '../micro-batches';
import { triedAgain } from './facts';

/** How parked records come to the store after all. */
export interface Reapply {
  readonly map: (records: readonly FetchedRecord[]) => Promise<Mapped>;
  /** As a batch that moves no offset. */
  readonly apply: (mutations: readonly Mutation[], refusalLimit: number) => Promise<unknown>;
}

interface Work {
  readonly deps: Deps;
  readonly input: FollowSliceInput;
  readonly log: ParkedLog;
  readonly reapply: Reapply;
}

/** Invariant 10: records are read back so many, and so many bytes, at once; one row's at least. */
const roundRecords = 1_000;
const roundBytes = 16 << 20;

/**
 * Between two micro-batches, under the lane's fence. `retry`: the records of a row are decoded and mapped anew and applied
 * in their order; a row that goes through is free, one that does not stays as it is, with the reason of now. `skip`: a
 * record is let go for good. Each may be obeyed twice, since rows that are not parked any more are nothing to do. Says of how many
 * records it was.
 */
export async function obeyParkedOrder(order: ParkedOrder, work: Work): Promise<number> {
  const rows = [...work.log.index.byKey()].filter(([keyId]) => order.key === undefined || order.key === keyId);
  if (order.action === 'skip') return skip(order, work, rows[0]?.[1] ?? []);
  for (const round of rounds(rows.map(([, entries]) => entries))) await retry(work, round);
  return rows.reduce((sum, [, entries]) => sum + entries.length, 0);
}

async function skip({ offset }: ParkedOrder, work: Work, entries: readonly ParkedEntry[]): Promise<number> {
  const gone = entries.filter((entry) => offset === 'all' || entry.offset === offset);
  await work.log.append({ freed: gone });
  tell(work, 'skipped', gone);
  // What stood behind it may go on now.
  const left = entries.filter((entry) => !gone.includes(entry));
  if (gone.length > 0 && left.length > 0) await retry(work, left);
  return gone.length;
}

function* rounds(rows: readonly (readonly ParkedEntry[])[]): Generator<readonly ParkedEntry[]> {
  let round: ParkedEntry[] = [];
  let bytes = 0;
  for (const entries of rows) {
    const more = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    if (round.length > 0 && (round.length + entries.length > roundRecords || bytes + more > roundBytes)) {
      yield round;
      [round, bytes] = [[], 0];
    }
    round.push(...entries);
    bytes += more;
  }
  if (round.length > 0) yield round;
}

/** Whole rows. */
async function retry(work: Work, entries: readonly ParkedEntry[]): Promise<void> {
  const { deps, log, reapply } = work;
  const byPlace = (left: ParkedRecord, right: ParkedRecord) => compareDecimal(left.facts.offset, right.facts.offset);
  const parked = [...(await log.read(entries))].sort(byPlace);
  const of = new Map(parked.map((one) => [one.record, one]));
  const mapped = await reapply.map(parked.map(({ record }) => record));
  /** Key id → what is still wrong, and with which record. */
  const failed = new Map<string, { readonly record: FetchedRecord; readonly error: PoisonRecord }>();
  for (const { source, error } of mapped.poison) {
    const keyId = of.get(source)?.facts.keyId ?? '';
    if (!failed.has(keyId)) failed.set(keyId, { record: source, error });
  }
  for (;;) {
    const kept = mapped.each.flatMap((mutation, at) => {
      const record = mapped.sources[at];
      const keyId = record && of.get(record)?.facts.keyId;
      return record === undefined || keyId === undefined || failed.has(keyId) ? [] : [{ mutation, record, keyId }];
    });
    const mutations = coalesce(kept.map(({ mutation }) => mutation));
    try {
      if (mutations.length > 0) await reapply.apply(mutations, mutations.length + 1);
      break;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      for (const refusal of error.refusals) {
        const one = kept.find(({ mutation }) => mutation === refusal.mutation);
        if (!one) throw error;
        failed.set(one.keyId, { record: one.record, error: refusal.error });
      }
    }
  }
  // The store holds them durably: only now are they forgotten. The other way round a crash between would lose them.
  const free = parked.filter(({ facts }) => !failed.has(facts.keyId)).map(({ facts }) => facts);
  const again = parked.flatMap((one) => {
    const failure = failed.get(one.facts.keyId);
    return failure?.record === one.record ? [triedAgain(one, failure.error, deps.now())] : [];
  });
  await log.append({ freed: free, parked: again });
  tell(work, 'freed', free);
}

type Told = Pick<ParkedEntry, 'table' | 'keyId' | 'partition' | 'offset' | 'reason' | 'message'>;

function tell({ deps, input }: Work, what: 'freed' | 'skipped', all: readonly Told[]): void {
  for (const { table, keyId, partition, offset, reason, message } of all) {
    deps.observer.parked(laneName(input), { what, table, keyId, partition, offset, reason, message });
  }
}
