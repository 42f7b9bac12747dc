import { PoisonRecord } from '../model/errors';
import type { Mutation } from '../model/mutation';
import { poisonRecord } from '../model/poison';
import type { Generation } from './store';
import { describe } from './ownership';

/** One mutation that a store refuses for good, whatever else stands in the batch. */
export interface Refusal {
  readonly mutation: Mutation;
  readonly error: PoisonRecord;
}

/**
 * A batch some of whose mutations the store refuses for good, each of them named up to `Batch.refusalLimit`. Its offsets
 * have not moved: the same batch without these mutations may be applied next.
 */
export class Refused extends PoisonRecord {
  constructor(readonly refusals: readonly [Refusal, ...Refusal[]]) {
    super('unstorable', refusals[0].error.message);
  }
}

/** `why` holds no value of the row. */
export function refusal(generation: Generation, mutation: Mutation, why: string): Refusal {
  const { target, key, version } = mutation;
  const place = { table: target, key, offset: version };
  return { mutation, error: poisonRecord('unstorable', place, `${describe(generation)} refuses it, ${why}`) };
}

/** Throws `Refused` if there is anything to tell. */
export function throwRefused(refusals: readonly Refusal[]): void {
  const [first, ...others] = refusals;
  if (first) throw new Refused([first, ...others]);
}
