import { distance, type Offsets } from '../../model/offsets';
import { compareDecimal } from '../../model/position';
import { rolledUp } from '../../model/roll-up';
import { slotAtRisk, slotProblem } from '../../model/slot-risk';
import type {
  CaptureProgress,
  CaptureStatus,
  GenerationStatus,
  LaneProgress,
  PipelineStatus,
  StatusName,
  StoreStatus,
} from '../../model/status';

/**
 * A slice lasts up to half a minute and workflow state moves only at its end; in between, the truth is in the
 * heartbeat. These functions put heartbeats over what a query has answered. Pure.
 */
export function freshCapture(status: CaptureStatus, heartbeats: readonly CaptureProgress[]): CaptureStatus {
  const latest = [status.progress, ...heartbeats].reduce(later, null);
  const slot = later(status.slot ?? null, latest?.slot ?? null);
  const progress = latest && withoutSlot(latest);
  const risk = slotProblem(slot ?? undefined);
  // What is worse is the workflow's to say: it stands still, or something does not answer.
  const known = status.problem?.type === slotAtRisk ? null : status.problem;
  const calm = status.problem?.type === slotAtRisk && status.status === 'DEGRADED' ? 'COPYING' : status.status;
  const word = progress ? freshWord(calm, progress) : status.status;
  return {
    ...status,
    progress,
    ...(slot ? { slot } : {}),
    status: risk && working.includes(word) ? 'DEGRADED' : word,
    problem: known ?? risk,
  };
}

function withoutSlot({ slot: _slot, ...progress }: CaptureProgress): CaptureProgress {
  return progress;
}

/** Of a slot in danger these say nothing; the other words are worse, or an operator's own. */
const working: readonly StatusName[] = ['STARTING', 'COPYING', 'LIVE'];

/** The first slice lasts a minute, and a copy may begin and end within it: the workflow then knows of neither. */
function freshWord(word: StatusName, { copies }: CaptureProgress): StatusName {
  if (word !== 'STARTING' && word !== 'COPYING') return word;
  return Object.values(copies).every(({ done }) => done) ? 'LIVE' : 'COPYING';
}

/** The pipeline's word is about its parts as they are now: what `sync` was last told of them may be a slice old. */
export function freshPipeline(
  known: PipelineStatus,
  fresh: Pick<PipelineStatus, 'capture' | 'stores'>,
): PipelineStatus {
  const parts = [fresh.capture.status, ...Object.values(fresh.stores).map(({ status }) => status)];
  return { ...known, ...fresh, status: rolledUp(parts) };
}

/** A heartbeat does not say whose it is, so each goes to the generation it continues: never one that is ahead of it. */
export function freshStore(status: StoreStatus, heartbeats: readonly LaneProgress[]): StoreStatus {
  const left = [...heartbeats];
  // The one furthest ahead chooses first: only a heartbeat of its own can continue it, while a generation being built
  // could also take the live one's.
  const order = [...status.generations].sort((a, b) => distance(nextOf(b), nextOf(a)) - distance(nextOf(a), nextOf(b)));
  const fresh = new Map<number, GenerationStatus>();
  for (const generation of order) {
    const own = nearest(generation, left);
    if (own) left.splice(left.indexOf(own), 1);
    fresh.set(generation.number, { ...generation, progress: later(generation.progress, own) });
  }
  return { ...status, generations: status.generations.map((known) => fresh.get(known.number) ?? known) };
}

function nearest(generation: GenerationStatus, heartbeats: readonly LaneProgress[]): LaneProgress | null {
  const next = nextOf(generation);
  let best: LaneProgress | null = null;
  for (const heartbeat of heartbeats) {
    if (isBehind(heartbeat.next, next)) continue;
    if (!best || distance(next, heartbeat.next) < distance(next, best.next)) best = heartbeat;
  }
  return best;
}

function nextOf(generation: GenerationStatus): Offsets {
  return generation.progress?.next ?? {};
}

function isBehind(offsets: Offsets, than: Offsets): boolean {
  return Object.entries(than).some(([topic, partitions]) =>
    Object.entries(partitions).some(([partition, end]) => compareDecimal(offsets[topic]?.[partition] ?? '0', end) < 0),
  );
}

function later<Progress extends { readonly at: number }>(
  left: Progress | null,
  right: Progress | null,
): Progress | null {
  if (!left || !right) return left ?? right;
  return right.at >= left.at ? right : left;
}
