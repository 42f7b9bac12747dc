import { Unavailable } from '../../model/errors';
import { canonicalOffsets } from '../../model/offsets';
import { behind, fenced, judgeBatch, mayOwn, mismatch, missing, ownerToken } from '../ownership';
import { Refused } from '../refused';
import type { Acceptance, Applied, Batch, Generation, Lane, Owner } from '../store';
import { chunksOf, type Chunk } from './chunks';
import { inTransaction, rollback, type Connection } from './connection';
import { reactionTo, translate } from './errors';
import { InFlight } from './in-flight';
import { LineKeeper, type Line } from './line';
import { laneApplicationName } from './names';
import {
  acceptanceOf,
  moveOffsets,
  NotMoved,
  readRecord,
  recordRelation,
  writeOwner,
  type PostgresRecord,
} from './record';
import { ChunkRefused, describeRefusal } from './refusal';
import { backToSavepoint, isDivisible, releaseSavepoint, savepoint } from './savepoint';
import type { Site } from './site';

/** A database transaction that waits for the next closed point. */
interface Held {
  readonly owner: string;
  readonly next: string;
}

type Counts = Pick<Applied, 'upserts' | 'deletes'>;

/** One that the server works on, and one that lies there when it is done: a third is made meanwhile. */
const statementsAhead = 2;

/** One lane as this process writes it: its connection, kept from slice to slice, and the transaction it may hold open. */
export class LaneWriter {
  private readonly line: LineKeeper;
  private held: Held | null = null;
  /** Batches that were held went with their connection: only the record knows where to go on. */
  private lost = false;
  private readonly relation: string;
  private readonly applicationName: string;

  constructor(
    private readonly site: Site,
    private readonly generation: Generation,
    private readonly lane: Lane,
  ) {
    this.relation = recordRelation(site.schema, generation.number);
    this.applicationName = laneApplicationName(generation, lane);
    this.line = new LineKeeper(site, generation.number, this.applicationName);
  }

  async acquire(owner: Owner): Promise<Acceptance> {
    await this.release();
    return this.guarded(async () => {
      const { connection } = await this.line.renewed();
      // Asked before anybody's transaction is ended: a woken old attempt must not get that far.
      this.admit(await readRecord(connection, this.relation, { lane: this.lane.index }), owner);
      await this.endAbandoned(connection);
      return inTransaction(connection, async () => {
        const record = await readRecord(connection, this.relation, { lane: this.lane.index, lock: true });
        const admitted = this.admit(record, owner);
        await writeOwner(connection, this.relation, { lane: this.lane.index, owner });
        return acceptanceOf(admitted);
      });
    });
  }

  async apply(batch: Batch, signal: AbortSignal): Promise<Applied> {
    signal.throwIfAborted();
    if (this.held && !this.line.usable) this.forgetHeld();
    if (this.lost) return this.settle(batch, new Unavailable(this.lostMessage()));
    if (this.holds(batch)) return { durable: false, upserts: 0, deletes: 0, repeated: batch.mutations.length };
    const line = await this.guarded(() => this.line.taken());
    const { connection } = line;
    const cut = () => connection.destroy();
    signal.addEventListener('abort', cut, { once: true });
    /** What the batch is, once its COMMIT is on its way: from there on the answer is worth waiting for. */
    let committing: Counts | null = null;
    try {
      signal.throwIfAborted();
      const inFlight = new InFlight();
      const counts = await this.write(batch, line, inFlight);
      signal.throwIfAborted();
      const durable = batch.closed || !batch.live;
      if (durable) {
        // Who is refused in part is asked about within the transaction, which must not have ended then.
        if (this.held && isDivisible(batch)) await inFlight.settle();
        signal.removeEventListener('abort', cut);
        committing = counts;
        // Invariant 3: the data of this transaction and its offsets become visible together, or not at all. Sent behind a
        // statement that fails, COMMIT is a ROLLBACK.
        inFlight.add(this.commit(connection));
      }
      await inFlight.settle();
      this.held = durable ? null : { owner: ownerToken(batch.owner), next: canonicalOffsets(batch.to) };
      return { durable, ...counts, repeated: 0 };
    } catch (thrown) {
      if (thrown instanceof NotMoved) return await this.missed(batch, connection);
      const error = thrown instanceof ChunkRefused ? await this.refusalOf(batch, line, thrown) : thrown;
      if (error instanceof Refused && this.held) throw error;
      await this.abandon(connection);
      if (!committing) signal.throwIfAborted();
      if (!isLoss(error)) throw this.translated(error);
      return {
        ...(await this.settle(batch, this.translated(error))),
        ...(committing && { ...committing, repeated: 0 }),
      };
    } finally {
      signal.removeEventListener('abort', cut);
    }
  }

  /** Rolls back what is held; the connection stays for the next slice. */
  async release(): Promise<void> {
    this.lost = false;
    if (!this.held) return;
    this.held = null;
    if (this.line.usable) await rollback((await this.line.taken()).connection);
  }

  async close(): Promise<void> {
    this.held = null;
    await this.line.close();
  }

  /** Sends the batch but for its end. Waits for answers only to bound what is under way (invariant 10). */
  private async write(batch: Batch, { connection, layout }: Line, inFlight: InFlight): Promise<Counts> {
    // Waited for, alone of all: were it refused (a statement can be cancelled), each of what follows would be a transaction of
    // its own, the offsets first of all (Invariant 3).
    if (!this.held) await connection.query({ text: 'begin' });
    else if (isDivisible(batch)) inFlight.add(savepoint(connection));
    // Invariant 4: first of all, so that a replaced owner touches no row. The row lock it takes makes a successor's
    // `acquire` wait for the outcome; moved behind the data, two owners would write side by side until the commit.
    inFlight.add(moveOffsets(connection, this.relation, { generation: this.generation, batch }));
    let deletes = 0;
    for (const chunk of chunksOf(layout, batch.mutations)) {
      if (chunk.kind === 'remove') deletes += chunk.mutations.length;
      await inFlight.settle(statementsAhead);
      inFlight.add(this.send(connection, chunk));
    }
    if (this.held && isDivisible(batch)) inFlight.add(releaseSavepoint(connection));
    return { upserts: batch.mutations.length - deletes, deletes };
  }

  private async send(connection: Connection, { statement, table }: Chunk): Promise<void> {
    try {
      await connection.query(statement);
    } catch (error) {
      throw reactionTo(error) === 'refused' ? new ChunkRefused(table.target, error) : error;
    }
  }

  /**
   * Who is to blame, asked where the batch would stand: behind what the transaction holds already, which is kept if the
   * batch may come again without those that are named, or else in a transaction for the questions alone.
   */
  private async refusalOf(batch: Batch, { connection, layout }: Line, refused: ChunkRefused): Promise<unknown> {
    try {
      if (this.held && isDivisible(batch)) {
        await backToSavepoint(connection);
      } else {
        this.forgetHeld();
        await rollback(connection);
        await connection.query({ text: 'begin' });
      }
      const chunks = chunksOf(layout, batch.mutations);
      return await describeRefusal(connection, {
        ...{ generation: this.generation, chunks, limit: batch.refusalLimit ?? 1, refused },
      });
    } catch (error) {
      return error;
    }
  }

  private async commit(connection: Connection): Promise<void> {
    const { command } = await connection.query({ text: 'commit' });
    if (command !== 'COMMIT') throw new Unavailable(`${this.site.what}: the transaction was rolled back.`);
  }

  /** The compare-and-set moved nothing: the record says why. */
  private async missed(batch: Batch, connection: Connection): Promise<Applied> {
    this.held = null;
    await rollback(connection);
    const record = await readRecord(connection, this.relation, { lane: this.lane.index });
    if (!record) throw missing(this.generation);
    switch (judgeBatch(record, this.generation, batch)) {
      case 'fenced':
        throw fenced(this.generation, this.lane);
      case 'repeated':
        return { durable: true, upserts: 0, deletes: 0, repeated: batch.mutations.length };
      case 'behind':
        throw behind(this.generation, this.lane);
      case 'apply':
        throw new Unavailable(`${this.site.what}: the lane's record changed while it was read. It is tried again.`);
    }
  }

  /**
   * The answer is lost, perhaps to a COMMIT that took place: the record is read again, on a new connection, before
   * anyone says "fenced" or "failed". Returns when it says that the batch is there.
   */
  private async settle(batch: Batch, loss: unknown): Promise<Applied> {
    let record: PostgresRecord | null;
    try {
      const { connection } = await this.line.taken();
      record = await readRecord(connection, this.relation, { lane: this.lane.index });
    } catch {
      throw loss;
    }
    const verdict = record ? judgeBatch(record, this.generation, batch) : 'behind';
    if (verdict === 'fenced') throw fenced(this.generation, this.lane);
    // "Behind" is no verdict here: held batches that went with the connection look the same. The next acquire decides.
    if (verdict !== 'repeated') throw loss;
    this.lost = false;
    return { durable: true, upserts: 0, deletes: 0, repeated: batch.mutations.length };
  }

  /** Nothing of this process's transaction may be gone on with. */
  private async abandon(connection: Connection): Promise<void> {
    this.forgetHeld();
    await rollback(connection);
  }

  private forgetHeld(): void {
    if (this.held) this.lost = true;
    this.held = null;
  }

  private admit(record: PostgresRecord | null, owner: Owner): PostgresRecord {
    if (!record) throw missing(this.generation);
    const problem = mismatch(record, this.generation);
    if (problem) throw problem;
    if (!mayOwn(record.owner, owner)) throw fenced(this.generation, this.lane);
    return record;
  }

  /** Ends open transactions of this lane's earlier writers: a stopped process would hold the record's row for ever. */
  private async endAbandoned(connection: Connection): Promise<void> {
    await connection.query({
      text: `select pg_terminate_backend(pid, 2000) from pg_stat_activity
where datname = current_database() and usename = current_user and application_name = $1
  and pid <> pg_backend_pid() and xact_start is not null`,
      values: [this.applicationName],
    });
  }

  private holds({ owner, from, to }: Batch): boolean {
    if (!this.held || this.held.owner !== ownerToken(owner)) return false;
    return this.held.next === canonicalOffsets(to) && this.held.next !== canonicalOffsets(from);
  }

  private async guarded<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw this.translated(error);
    }
  }

  private translated(error: unknown): unknown {
    return reactionTo(error) === 'gone' ? missing(this.generation) : translate(error, this.site.what);
  }

  private lostMessage(): string {
    return `${this.site.what}: the connection that held batches since the last closed point was lost, and they with it. The lane is acquired again, and goes on at its record.`;
  }
}

/** The transaction's outcome is unknown, or the server ended it: unlike a refusal, it may succeed when tried again. */
function isLoss(error: unknown): boolean {
  return error instanceof Unavailable || reactionTo(error) === 'again';
}
