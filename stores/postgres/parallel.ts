import { canonicalOffsets, type Offsets } from '../../model/offsets';
import { compareDecimal } from '../../model/position';
import type { Mutation } from '../../model/mutation';
import { fenced } from '../ownership';
import { Refused } from '../refused';
import type { Acceptance, Applied, Batch, Generation, Lane, Owner } from '../store';
import { LaneWriter } from './lane';
import type { Site } from './site';

/** What writes a lane, over one connection or several. */
export type Writer = Pick<LaneWriter, 'acquire' | 'apply' | 'release' | 'close'>;

interface Share {
  readonly lane: Lane;
  readonly writer: LaneWriter;
  /** Everything below has been applied, for good, of the documents that are its own. */
  standing: Offsets;
  /** Where its open transaction stands; null: it holds none. */
  held: Offsets | null;
}

/**
 * A lane over several connections: a document belongs to one of the shares, by its id, and each share commits its part of
 * a batch by itself, with a record of its own. The lane's record moves last, and carries no data: it is never ahead of
 * any share (invariant 3), and it is what everybody else reads.
 *
 * After a crash a share may be ahead of the lane's record, and the log is read again from there, perhaps in other pieces.
 * A piece that ends below where the share stands is passed over, or its rows would go back; one that ends there or
 * beyond changes nothing that is older, since the last write of each document in it is what the share holds, or newer.
 * Within a large transaction one can do both, as partitions come in another order then: below in one, beyond in another. It
 * is applied, since passed over it would be lost, and held in a transaction of the share that is committed with the first
 * piece that ends where the share stands or beyond. The lane's record is held with it.
 * So the number of shares is part of what a generation is built by (`mappingHash`): with another, documents would change
 * shares, and what one share has passed would be taken for what another has.
 */
export class ParallelWriter implements Writer {
  private readonly head: LaneWriter;
  private readonly shares: readonly Share[];
  /** Where the lane's record stands; null: not acquired. */
  private standing: Offsets | null = null;

  constructor(
    site: Site,
    private readonly generation: Generation,
    { lane, shares }: { readonly lane: Lane; readonly shares: number },
  ) {
    this.head = new LaneWriter(site, generation, lane);
    this.shares = Array.from({ length: shares }, (_, at) => {
      const own = { index: at + 1 };
      return { lane: own, writer: new LaneWriter(site, generation, own), standing: {}, held: null };
    });
  }

  /** The lane first: who is refused there has disturbed no share, and has what it had. */
  async acquire(owner: Owner): Promise<Acceptance> {
    const acceptance = await this.head.acquire(owner);
    this.standing = null;
    await settled(
      this.shares.map(async (share) => {
        share.held = null;
        share.standing = (await share.writer.acquire(owner)).next;
      }),
    );
    this.standing = acceptance.next;
    return acceptance;
  }

  async apply(batch: Batch, signal: AbortSignal): Promise<Applied> {
    signal.throwIfAborted();
    const { mutations } = batch;
    if (this.standing === null) throw fenced(this.generation, batch.lane);
    // Not where the record stands: it says why, before any share is touched.
    if (canonicalOffsets(batch.from) !== canonicalOffsets(this.standing)) {
      const { durable } = await this.moveHead(batch, signal);
      return { durable, upserts: 0, deletes: 0, repeated: mutations.length };
    }
    const parts = this.parted(mutations);
    const applied = await settled(this.shares.map((share, at) => applyShare(share, batch, parts[at] ?? [], signal)));
    // Invariant 3: behind all shares.
    const { durable } = await this.moveHead(batch, signal);
    this.standing = batch.to;
    const sum = (name: 'upserts' | 'deletes' | 'repeated') => applied.reduce((all, one) => all + one[name], 0);
    return { durable, upserts: sum('upserts'), deletes: sum('deletes'), repeated: sum('repeated') };
  }

  /** Held open for no closed point, as readers are shown rows as they come; only for shares that hold something. */
  private moveHead(batch: Batch, signal: AbortSignal): Promise<Applied> {
    const holds = this.shares.some(({ held }) => held !== null);
    return this.head.apply({ ...batch, mutations: [], closed: !holds, live: true }, signal);
  }

  async release(): Promise<void> {
    // What is held goes, and with it where we stand: that is read when the lane is acquired.
    if (this.shares.some(({ held }) => held !== null)) this.standing = null;
    await Promise.all([this.head, ...this.writers()].map((writer) => writer.release()));
  }

  async close(): Promise<void> {
    this.standing = null;
    await Promise.all([this.head, ...this.writers()].map((writer) => writer.close()));
  }

  private writers(): LaneWriter[] {
    return this.shares.map(({ writer }) => writer);
  }

  private parted(mutations: readonly Mutation[]): Mutation[][] {
    const parts: Mutation[][] = this.shares.map(() => []);
    for (const mutation of mutations) parts[shareOf(mutation.id, this.shares.length)]?.push(mutation);
    return parts;
  }
}

async function applyShare(
  share: Share,
  batch: Batch,
  mutations: readonly Mutation[],
  signal: AbortSignal,
): Promise<Omit<Applied, 'durable'>> {
  const { lane, writer, standing, held } = share;
  // A share of nothing stays where it stands: lower than it could, which only repeats more.
  if (mutations.length === 0 && held === null) return { upserts: 0, deletes: 0, repeated: 0 };
  const moves = canonicalOffsets(batch.from) !== canonicalOffsets(batch.to);
  const falls = moves && isBelow(batch.to, standing);
  if (falls && !isBelow(standing, batch.to)) return { upserts: 0, deletes: 0, repeated: mutations.length };
  const from = held ?? standing;
  // What is tried again at a place already passed moves no record.
  const to = moves ? batch.to : from;
  const applied = await writer.apply({ ...batch, lane, from, to, mutations, closed: !falls, live: true }, signal);
  if (falls) share.held = to;
  else [share.standing, share.held] = [to, null];
  return applied;
}

/** FNV-1a. Persistent, as the number of shares is: which share a document belongs to must not change in a generation. */
export function shareOf(id: string, shares: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % shares;
}

/** Of two places of one lane: whether `left` comes before `right`. */
export function isBelow(left: Offsets, right: Offsets): boolean {
  return Object.entries(right).some(([topic, partitions]) =>
    Object.entries(partitions).some(([partition, offset]) => {
      return compareDecimal(left[topic]?.[partition] ?? '0', offset) < 0;
    }),
  );
}

/**
 * All have ended before the first error goes on: a write that ends after its failure was told would be a late one. What
 * concerns the lane comes before what concerns records, and those of all shares are named together.
 */
async function settled<Result>(all: readonly Promise<Result>[]): Promise<Result[]> {
  const outcomes = await Promise.allSettled(all);
  const rejected = outcomes.filter((outcome) => outcome.status === 'rejected');
  const graver = rejected.find(({ reason }) => !(reason instanceof Refused));
  if (graver) throw graver.reason;
  const [first, ...others] = rejected.flatMap(({ reason }) => (reason instanceof Refused ? reason.refusals : []));
  if (first) throw new Refused([first, ...others]);
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}
