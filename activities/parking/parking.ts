import { Blocked, type PoisonRecord } from '../../model/errors';
import type { Mutation } from '../../model/mutation';
import {
  judgeStorm,
  mayPark,
  poisonAllowed,
  poisonRules,
  type ParkedOrder,
  type PoisonRules,
} from '../../model/poison';
import type { ParkedCounts } from '../../model/status';
import { Refused } from '../../stores/refused';
import type { Applied } from '../../stores/store';
import type { ParkedLog } from '../../stream/parked-log';
import type { FollowSliceInput, ParkedProblem } from '../activities';
import type { Deps, LaneParking, LaneSession } from '../deps';
import { laneName } from '../lane-session';
import type { MicroBatch } from '../micro-batches';
import { headOf, parkedRecords } from './facts';
import { obeyParkedOrder, type Reapply } from './orders';
import { sift, type Sifted } from './sift';

/** Hands mutations to the store as one batch that names up to `refusalLimit` of those it refuses. */
export type ApplyTo = (mutations: readonly Mutation[], refusalLimit: number) => Promise<Applied>;

/** What a lane sets aside, for the time of one slice. */
export interface Parking {
  readonly counts: ParkedCounts | null;
  /** The newest first. */
  readonly newest: readonly ParkedProblem[];
  /** Applies a batch without what is set aside of it. */
  through(batch: MicroBatch, apply: ApplyTo): Promise<Applied>;
  obey(order: ParkedOrder, reapply: Reapply): Promise<number>;
  close(): Promise<void>;
}

interface Place {
  readonly deps: Deps;
  readonly input: FollowSliceInput;
  readonly session: LaneSession;
}

export function rulesOf({ generation }: Pick<FollowSliceInput, 'generation'>): PoisonRules {
  return poisonRules(generation.definition);
}

/**
 * Opens what this slice needs of parking: nothing where the store blocks and has never parked. Resolves with the topic's
 * fence taken and everything read that is parked; `stillOwner` then asks the store once more, since only who has the lane
 * *behind* the fence may write there (`openParkedLog`).
 */
export async function openParking(place: Place, stillOwner: () => Promise<unknown>): Promise<Parking> {
  const { deps, input, session } = place;
  const { parking } = session;
  const { parked, parkedOrder } = input;
  if (!mayPark(rulesOf(input)) && !parking.used && !parkedOrder && !parked) return noParking;
  const log = await deps.openParkedLog({
    pipeline: input.pipeline,
    lane: laneName(input),
    logId: input.generation.logId,
    index: parking.index,
    end: parked ? Number(parked.end ?? 1) : 0,
  });
  try {
    await stillOwner();
  } catch (error) {
    await log.close();
    throw error;
  }
  return new OpenParking(place, parking, log);
}

/** The store's policy is to block: its first refusal ends the slice. */
export const noParking: Parking = {
  counts: null,
  newest: [],
  through: ({ mutations }, apply) => apply(mutations, 1),
  obey: () => Promise.resolve(0),
  close: () => Promise.resolve(),
};

/** How many reasons go on to the workflow, and how much of each. */
const told = 3;

class OpenParking implements Parking {
  private readonly rules: PoisonRules;

  constructor(
    private readonly place: Place,
    private readonly parking: LaneParking,
    private readonly log: ParkedLog,
  ) {
    this.rules = rulesOf(place.input);
  }

  get counts(): ParkedCounts | null {
    const { records, rowCount, passed } = this.parking.index;
    return records === 0 ? null : { records, rows: rowCount, end: String(passed) };
  }

  get newest(): readonly ParkedProblem[] {
    return [...this.parking.index.byKey().values()]
      .flatMap((entries) => headOf(entries) ?? [])
      .sort((left, right) => right.triedAt - left.triedAt)
      .slice(0, told)
      .flatMap(({ reason, message }) => (reason === 'waits' ? [] : [{ reason, message }]));
  }

  async through(batch: MicroBatch, apply: ApplyTo): Promise<Applied> {
    const refused = new Map<Mutation, PoisonRecord>();
    // Each turn takes at least one more row out, so there are no more turns than rows; one or two, as stores name them all.
    for (;;) {
      const sifted = this.sift(batch, refused);
      await this.setAside(batch, sifted);
      try {
        return await apply(sifted.mutations, this.refusalLimit(batch));
      } catch (error) {
        if (!(error instanceof Refused) || !this.rules.parks.unstorable) throw error;
        for (const refusal of error.refusals) refused.set(refusal.mutation, refusal.error);
      }
    }
  }

  obey(order: ParkedOrder, reapply: Reapply): Promise<number> {
    const { deps, input } = this.place;
    return obeyParkedOrder(order, { deps, input, log: this.log, reapply });
  }

  async close(): Promise<void> {
    await this.log.close();
  }

  private sift(batch: MicroBatch, refused: ReadonlyMap<Mutation, PoisonRecord>): Sifted {
    const { index } = this.parking;
    if (index.records + batch.poison.length + refused.size === 0) return { mutations: batch.mutations, aside: [] };
    return sift(batch, (row) => index.holdsRow(row), refused);
  }

  private refusalLimit({ each, poison }: MicroBatch): number {
    if (!this.rules.parks.unstorable) return 1;
    const room = Math.max(0, this.rules.maxParked - this.parking.index.records);
    // One more than may be parked: that it is too many is all that has to be known.
    return Math.min(poisonAllowed(each.length + poison.length), room) + 1;
  }

  /**
   * Invariants 3 and 5: what is not applied stands on the topic of parked records before the offsets pass it. A crash
   * between the two parks it a second time, at the same place.
   */
  private async setAside(batch: MicroBatch, { aside }: Sifted): Promise<void> {
    const { deps, input } = this.place;
    const { index } = this.parking;
    const generation = input.generation.number;
    const fresh = aside.filter(({ record }) => index.find({ ...record, generation }) === undefined);
    if (fresh.length === 0) return;
    const poison = fresh.filter(({ error }) => error !== null);
    const storm = judgeStorm(this.rules, {
      records: batch.each.length + batch.poison.length,
      poison: poison.length,
      parked: index.records,
      more: fresh.length,
    });
    if (storm !== null) throw tooMuch(input, storm, poison[0]?.error?.message ?? null);
    const records = parkedRecords(input, fresh, deps.now());
    await this.log.append({ parked: records });
    this.parking.used = true;
    for (const { facts } of records) deps.observer.parked(laneName(input), { what: 'parked', ...facts });
  }
}

function tooMuch({ store, generation }: FollowSliceInput, storm: string, example: string | null): Blocked {
  const first = example === null ? '' : ` One of them: ${example}`;
  return new Blocked(
    'too-much-poison',
    `Generation ${generation.number} of store '${store}': ${storm}. Nothing of this batch was applied or parked.` +
      ` Find what they have in common and mend that, then retry; or retry or skip what is parked already.${first}`,
  );
}
