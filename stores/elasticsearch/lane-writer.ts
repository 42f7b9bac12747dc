import { Unavailable } from '../../model/errors';
import { canonicalOffsets } from '../../model/offsets';
import { describe, fenced, judgeBatch, mismatch, ownerToken } from '../ownership';
import type { Acceptance, Applied, Batch, Generation, Lane, Owner } from '../store';
import { inFlight, writeMutations, type Predecessor, type WrittenWith } from './bulk';
import type { Ask } from './client';
import { foreignWrite, type WriterWatch } from './foreign-writes';
import { openGate } from './gate';
import { admit, moveRecord, readLane, takeLane, type LaneState } from './lane';
import { writeAlias } from './names';
import { laneLost } from './send';

interface Site {
  readonly ask: Ask;
  readonly index: string;
  readonly lane: Lane;
  readonly writers: WriterWatch;
  /** The lane's name among `writers`. */
  readonly key: string;
}

/** One call of `apply`. */
interface Order {
  readonly generation: Generation;
  readonly batch: Batch;
  readonly signal: AbortSignal;
}

/** A batch whose end is not known yet. Its promises reject with whatever ended it. */
interface UnderWay extends Predecessor {
  readonly order: Order;
  /** The lane as the batch finds it, and as it leaves it. */
  readonly state: Promise<LaneState>;
  readonly record: Promise<LaneState>;
}

/** Nothing of the batch had to be written: the record says that all of it is held. */
const held = Symbol('held');

type Written = WrittenWith | typeof laneLost | typeof held;

/**
 * One lane as this process writes it: of each batch first every document, then the lane's record, behind the record of the
 * batch before. Documents of the next batch are written meanwhile, or the server would rest while the last few requests of
 * a batch are answered and its record is written alone (docs/decisions/0025).
 *
 * What keeps two batches under way exact. The record of the second is conditional on the very write of the first one's, so
 * it cannot go before it (Invariant 3). Every request goes through the owner's alias, so a replaced owner is refused in
 * either batch (Invariant 4). A document of both is written one version after the other. When the first fails so does
 * the second: what it wrote is repeated, at the same versions.
 */
export class LaneWriter {
  /** The lane as this process last read or wrote it: spares a read per batch, and is forgotten on any error. */
  private known: LaneState | null = null;
  /** In the order they were handed over, until they have ended. */
  private readonly underWay: UnderWay[] = [];
  private readonly gate = openGate(inFlight);

  constructor(private readonly site: Site) {}

  async acquire(generation: Generation, owner: Owner): Promise<Acceptance> {
    const { ask, index, lane, writers, key } = this.site;
    const state = await takeLane(ask, { index, generation, lane, owner });
    this.known = state;
    writers.acquired(key, { ...state, owner });
    const { next, position, positionAt, logId, mappingHash } = state.record;
    return { next, position, positionAt, logId, mappingHash };
  }

  async apply(order: Order): Promise<Applied> {
    order.signal.throwIfAborted();
    const [first, second] = this.underWay;
    const before = first && !second && follows(order, first.order) ? first : null;
    const state = before ? before.record : this.stateFor(order);
    // Not before the first one has begun: until then nobody knows whether it may.
    const written = before
      ? before.state.then(() => this.write(order, before))
      : state.then((found) => this.admitted(order, found));
    const record = this.move(order, { state, written });
    const me = { order, state, record, mutations: order.batch.mutations, written };
    this.underWay.push(me);
    try {
      // Nothing of it is under way any more when its failure is told.
      await Promise.allSettled([written, record]);
      this.known = await record;
      return appliedOf(await written, order.batch);
    } catch (error) {
      this.known = null;
      throw error;
    } finally {
      this.underWay.splice(this.underWay.indexOf(me), 1);
    }
  }

  /** What a batch finds: remembered if that admits it, else as the store says now. */
  private async stateFor({ generation, batch }: Order): Promise<LaneState> {
    // It does not go on where those under way end, or they are two: one after the other.
    await Promise.allSettled(this.underWay.map(({ record }) => record));
    const { ask, index, lane } = this.site;
    const { known } = this;
    this.known = null;
    if (known && judgeBatch(known, generation, batch) === 'apply') return known;
    return readLane(ask, index, generation, lane);
  }

  private async admitted(order: Order, state: LaneState): Promise<Written> {
    return admit(state, order.generation, order.batch) === 'repeated' ? held : this.write(order, state);
  }

  /** Every document, behind a batch that is under way or the lane as it stands. */
  private async write({ generation, batch, signal }: Order, behind: UnderWay | LaneState): Promise<Written> {
    const { ask, index, lane, writers, key } = this.site;
    const predecessor = 'order' in behind ? behind : null;
    const { positionAt } = 'order' in behind ? behind.order.batch : behind.record;
    const alone = writers.begins(key, positionAt, predecessor !== null);
    const alias = writeAlias(index, lane, batch.owner);
    const { mutations } = batch;
    const written = await writeMutations(ask, { generation, alias, mutations, signal, gate: this.gate, predecessor });
    // A batch that moves no offset brings records of before: of one with several documents some may have been written at the time.
    const isRepeated = canonicalOffsets(batch.from) === canonicalOffsets(batch.to);
    if (written !== laneLost && written.conflict && alone && !isRepeated)
      throw foreignWrite(generation, written.conflict);
    return written;
  }

  /**
   * Invariant 3: the record moves when every document has been answered, and behind the record of the batch before. The other
   * way round, a crash between the two would skip what was not written yet.
   */
  private async move(
    order: Order,
    { state, written }: { state: Promise<LaneState>; written: Promise<Written> },
  ): Promise<LaneState> {
    const [documents, standing] = await Promise.all([written, state]);
    if (documents === held) return standing;
    if (documents === laneLost) return this.lookAgain(order);
    const { ask, index, writers, key } = this.site;
    const moved = await moveRecord(ask, { index, ...order, state: standing });
    if (!moved) return this.lookAgain(order);
    writers.ended(key, moved.sequence);
    return moved;
  }

  /**
   * After a refused write: the batch is held all the same (the answer to its record was lost), or why not. A record that
   * moved under our feet while the lane is ours is the previous owner's last write, let in just before the alias was
   * swapped: what it says is true, so this attempt ends and the next begins there. No person has to look at it.
   */
  private async lookAgain({ generation, batch }: Order): Promise<LaneState> {
    const { ask, index, lane } = this.site;
    const state = await readLane(ask, index, generation, lane);
    const verdict = judgeBatch(state, generation, batch);
    if (verdict === 'repeated') return state;
    if (verdict === 'fenced') throw fenced(generation, lane);
    throw new Unavailable(
      `A write of its previous owner reached lane ${lane.index} of ${describe(generation)} late. The lane is acquired anew.`,
    );
  }
}

/** Of the same owner and generation, and it begins where the one before it ends. */
function follows({ generation, batch }: Order, before: Order): boolean {
  return (
    ownerToken(batch.owner) === ownerToken(before.batch.owner) &&
    mismatch(before.generation, generation) === null &&
    canonicalOffsets(batch.from) === canonicalOffsets(before.batch.to)
  );
}

function appliedOf(written: Written, { mutations }: Batch): Applied {
  if (written === held || written === laneLost)
    return { durable: true, upserts: 0, deletes: 0, repeated: mutations.length };
  const { upserts, deletes, repeated } = written;
  return { durable: true, upserts, deletes, repeated };
}
