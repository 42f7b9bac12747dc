import { Context } from '@temporalio/activity';
import { takesRows } from '../model/mapping';
import { positionsTopic } from '../model/names';
import { offsetOf, type Offsets } from '../model/offsets';
import { compareDecimal } from '../model/position';
import type { ParkedOrder } from '../model/poison';
import type { LaneProgress } from '../model/status';
import type { LogBatch } from '../stream/log';
import type { Acceptance, Generation, Lane, Owner } from '../stores/store';
import type { FollowSliceInput, FollowSliceResult, SliceEnd } from './activities';
import type { Deps, LaneSession } from './deps';
import { generationOf } from './generation';
import { checkAcceptance } from './acceptance';
import { lagOf, noProgress, withApplied } from './lane-progress';
import { Gather } from './gather';
import { HandedOver } from './handed-over';
import { laneName, openLaneSession, sessionKey, withPiece } from './lane-session';
import { LastCopy } from './last-copy';
import { MicroBatches, type MicroBatch } from './micro-batches';
import { noParking, openParking, rulesOf, type ApplyTo, type Parking } from './parking/parking';
import { SliceControl } from './slice-control';
import { standsAt } from './stands-at';
import { mappingOf } from './transforms';
import { ExtensionNeeded, extendStore } from './version-guard';

/** Under steady writes something is always on its way: this near the end of the log counts as caught up. */
const nearMs = 3_000;

type Reached = Pick<LogBatch, 'next' | 'closed' | 'position' | 'positionAt'>;

/**
 * One slice of a lane: take the lane from its previous owner, begin at the store's record, apply micro-batches until
 * the time is up, say how far it came. The store's record is the truth; what the workflow remembers is only checked.
 */
export async function followSlice(deps: Deps, input: FollowSliceInput): Promise<FollowSliceResult> {
  const key = sessionKey(input);
  const session = await deps.laneSessions.take(key, () => openLaneSession(deps, input));
  try {
    const result = await new Slice(deps, input, session).run();
    await deps.laneSessions.giveBack(key, session);
    return result;
  } catch (error) {
    await deps.laneSessions.discard(session);
    throw error;
  }
}

class Slice {
  private readonly generation: Generation;
  private readonly lane: Lane;
  private readonly owner: Owner;
  private readonly batches: MicroBatches;
  private readonly started: number;
  private readonly positions: string;
  /** What the store durably holds. */
  private durable: LaneProgress;
  private positionAt = 0;
  /** What the store has been handed, durable or held in its open transaction. */
  private handed: Offsets = {};
  /** The last batch ended at a closed point; null before the first one. */
  private closed: boolean | null = null;
  private readonly lastCopy: LastCopy;
  private copiesDone = false;
  private records = 0;
  private obeyed: number | undefined;
  private parking: Parking = noParking;
  private readonly handedOver = new HandedOver();
  private readonly gather: Gather;

  constructor(
    private readonly deps: Deps,
    private readonly input: FollowSliceInput,
    private readonly session: LaneSession,
  ) {
    const { info } = Context.current();
    this.generation = generationOf(input.pipeline, input.store, input.generation);
    this.lane = { index: input.lane };
    this.owner = {
      // Not `scheduledTimestampMs`: a retry must order after the attempt it replaces.
      scheduledMs: info.currentAttemptScheduledTimestampMs,
      runId: info.workflowExecution?.runId ?? '',
      activityId: info.activityId,
      attempt: info.attempt,
    };
    const mapping = mappingOf(deps, { store: input.store, generation: input.generation, attempt: info.attempt });
    const { parks } = rulesOf(input);
    const { definition } = input.generation;
    this.batches = new MicroBatches(session, mapping, input.until, (reason) => parks[reason], takesRows(definition));
    this.positions = positionsTopic(input.pipeline.log.prefix);
    this.started = deps.clock();
    this.gather = new Gather(session, deps.clock);
    this.lastCopy = new LastCopy(deps, input);
    this.durable = noProgress(deps.now());
  }

  async run(): Promise<FollowSliceResult> {
    const { store, reader } = this.session;
    using control = new SliceControl<LaneProgress>(Context.current(), this.deps.clock, {
      beatByTimer: true,
      // A store that hangs is seen to fall behind: told once more as it was, a lane would say that it lags by nothing.
      measured: () => this.measured(),
    });
    const acquire = () => store.acquire(this.generation, this.lane, this.owner);
    const acceptance = await acquire();
    const { durability } = store.capabilities;
    checkAcceptance({ generation: this.generation, remembered: this.input.remembered, acceptance, durability });
    this.parking = await openParking({ deps: this.deps, input: this.input, session: this.session }, acquire);
    try {
      this.batches.lastOnly = this.parking === noParking;
      await reader.seek(acceptance.next);
      this.startFrom(acceptance);
      control.beat(this.measured());
      const ended = await this.loop(control);
      this.deps.observer.laneSliceEnded(laneName(this.input), {
        ...{ ended, from: acceptance.next, to: this.durable.next, records: this.records },
        ...{ batches: this.durable.batches, ms: this.deps.clock() - this.started },
      });
      return {
        progress: this.measured(),
        caughtUp: reader.ahead().caughtUp,
        copiesDone: this.copiesDone,
        ended,
        taskQueue: this.deps.privateTaskQueue,
        ...(this.obeyed === undefined ? {} : { obeyed: this.obeyed }),
        ...(this.parking.counts ? { parked: this.parking.newest } : {}),
      };
    } finally {
      await this.parking.close();
      // Between closed points a store may hold a transaction open: the next owner must not wait for it. The reader is
      // then ahead of the store, and the next slice's `seek` brings it back to the store's record.
      await store.release(this.generation, this.lane);
      this.session.inHand = null;
    }
  }

  private startFrom(acceptance: Acceptance): void {
    this.handed = acceptance.next;
    this.positionAt = acceptance.positionAt;
    this.durable = { ...this.durable, next: acceptance.next, position: acceptance.position, at: this.deps.now() };
  }

  private async loop(control: SliceControl<LaneProgress>): Promise<SliceEnd> {
    for (;;) {
      if (control.signal.aborted) return await this.cutOff(control);
      const { parkedOrder } = this.input;
      // What was taken from the reader is applied before the end: left behind, it would cost the next slice its session.
      const ended = this.batches.ready || parkedOrder ? null : (this.ended() ?? (await this.caughtUpForGood()));
      if (ended) return ended;
      try {
        if (parkedOrder) return await this.obey(parkedOrder, control.signal);
        if (!this.batches.ready) await this.gather.wait(control.signal);
        const batch = await this.batches.next(control.signal);
        if (control.signal.aborted) return await this.cutOff(control);
        if (batch) await this.applyAndLookAhead(batch, control);
      } catch (error) {
        // Cut off in the middle of a batch, as it was told to be: not a failure. What the store durably holds is
        // returned all the same; thrown, an orderly takeover would read as a failed attempt and lose its progress.
        if (error === control.signal.reason) return await this.cutOff(control);
        if (!(error instanceof ExtensionNeeded)) throw error;
        await extendStore(this.deps, this.session.store, {
          generation: this.generation,
          lane: this.lane,
          needed: error,
        });
        return 'time';
      }
    }
  }

  /** What is under way has ended first: it hears of the same signal. */
  private async cutOff(control: SliceControl<LaneProgress>): Promise<SliceEnd> {
    await this.handedOver.settle().catch((error: unknown) => {
      if (error !== control.signal.reason) throw error;
    });
    return control.end();
  }

  private async applyAndLookAhead(batch: MicroBatch, control: SliceControl<LaneProgress>): Promise<void> {
    this.handedOver.add(batch, this.apply(batch, control));
    this.gather.handedOver();
    this.recount();
    const looking =
      this.mayLookAhead(batch) && this.batches.lookAhead(batch, control.signal).then(() => this.recount());
    const [looked] = await Promise.allSettled([looking]);
    // Where a batch may come again without some of its records, none is handed over behind it.
    const atOnce = this.parking === noParking ? this.session.store.batchesAtOnce : 1;
    await this.handedOver.settle(looked.status === 'fulfilled' && this.batches.ready ? atOnce - 1 : 0);
    if (looked.status === 'rejected') throw looked.reason;
  }

  /** Whoever asks how far the lane is behind counts what the reader has handed out and the store does not hold yet. */
  private recount(): void {
    const { ready } = this.batches;
    const { inHand } = this.handedOver;
    this.session.inHand = ready ? withPiece(inHand, { ...ready, count: ready.records.length }) : inHand;
  }

  /** Not where the slice is to end: what the reader has handed out can only be given back with the reader. */
  private mayLookAhead({ next }: LogBatch): boolean {
    const { pipeline, until, endWhenCaughtUp } = this.input;
    if (pipeline.slice.batches !== undefined || this.isOver() || this.gather.leftMs() > 0) return false;
    if (until !== undefined && compareDecimal(offsetOf(next, this.positions, 0) ?? '0', until) >= 0) return false;
    return !endWhenCaughtUp || !this.isNearEnd();
  }

  private async apply(batch: MicroBatch, control: SliceControl<LaneProgress>): Promise<void> {
    const { from, began } = { from: this.handed, began: this.deps.clock() };
    const handing = this.handing(batch, control.signal);
    // Before the answer: the next one may be handed over meanwhile, and begins here.
    this.handed = batch.next;
    this.closed = batch.closed;
    const applied = await this.parking.through(batch, handing);
    this.durable = withApplied(this.durable, applied);
    this.records += batch.records.length;
    this.deps.observer.applied(laneName(this.input), {
      ...{ from, to: batch.next, records: batch.records.length, ms: this.deps.clock() - began },
      ...applied,
    });
    if (!applied.durable) return;
    this.handedOver.isDurable(batch);
    this.recount();
    // Invariant 3: the offset is reported only after the store durably holds everything before it.
    this.durable = { ...this.durable, next: batch.next, position: batch.position };
    control.beat(this.measured());
  }

  /** Gives the store what moves its record from where it is to the end of this piece. */
  private handing({ next: to, closed, position, positionAt }: Reached, signal: AbortSignal): ApplyTo {
    const { lane, owner, generation, handed: from } = this;
    const whole = { lane, owner, from, to, closed, position, positionAt, live: this.input.live };
    return (mutations, refusalLimit) =>
      this.session.store.apply(generation, { ...whole, mutations, refusalLimit }, signal);
  }

  /** Before anything is taken from the reader: the store's record stays where it is. */
  private async obey(order: ParkedOrder, signal: AbortSignal): Promise<SliceEnd> {
    this.obeyed = await this.parking.obey(order, {
      map: (records) => this.batches.map(records, signal, () => true),
      apply: this.handing({ ...this.durable, closed: true, positionAt: this.positionAt }, signal),
    });
    return 'parked-order';
  }

  /**
   * What readers see ends at a closed point, unless the slice is cancelled; a generation that is being built may end
   * anywhere, since an old log can be long between two of them.
   */
  private ended(): SliceEnd | null {
    if (this.handed !== this.durable.next || (this.input.live && this.closed === false)) return null;
    const { pipeline, until } = this.input;
    if (until !== undefined && compareDecimal(this.reached(), until) >= 0) return 'until';
    if (pipeline.slice.batches !== undefined && this.durable.batches >= pipeline.slice.batches) return 'batches';
    return this.isOver() ? 'time' : null;
  }

  private isOver(): boolean {
    return this.deps.clock() - this.started >= this.input.pipeline.slice.seconds * 1_000;
  }

  /**
   * Whether a generation that is being built holds everything: the lane has passed a record by which every copy is done,
   * and stands at a closed point near the end.
   */
  private async caughtUpForGood(): Promise<SliceEnd | null> {
    if (!this.input.endWhenCaughtUp || this.handed !== this.durable.next || this.closed === false) return null;
    if (!this.isNearEnd()) return null;
    const target = await this.lastCopy.find();
    if (target === null || compareDecimal(this.reached(), target.offset) <= 0) return null;
    // A slice that was handed nothing may have begun in the middle of a large transaction.
    if (this.closed === null && !standsAt(this.durable.next, target.record)) return null;
    this.copiesDone = true;
    return 'caught-up';
  }

  private isNearEnd(): boolean {
    const { caughtUp, oldestAt } = this.session.reader.ahead();
    return caughtUp || (oldestAt !== null && this.deps.now() - oldestAt <= nearMs);
  }

  /** Next offset in the positions topic. */
  private reached(): string {
    return offsetOf(this.durable.next, this.positions, 0) ?? '0';
  }

  private measured(): LaneProgress {
    const now = this.deps.now();
    const parked = this.parking.counts;
    return { ...this.durable, ...(parked ? { parked } : {}), ...lagOf(this.session, now), at: now };
  }
}
