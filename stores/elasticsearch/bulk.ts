import type { Mutation } from '../../model/mutation';
import { throwRefused } from '../refused';
import type { Generation } from '../store';
import type { Ask } from './client';
import { ActionLines } from './encode';
import type { Gate } from './gate';
import { hasAlias, sortByLength } from './overlong';
import { laneLost } from './send';
import { writeChunk, type ChunkOutcome } from './write-chunk';

/** Servers accept 100 MiB, proxies before them often much less; beyond a few MiB a request gains nothing. */
const chunkBytes = 5 * 1024 * 1024;
const chunkDocuments = 500;
/** Requests of a lane under way at once: one alone leaves the server idle while we encode. */
export const inFlight = 4;

export interface Chunk {
  readonly mutations: readonly Mutation[];
  /** NDJSON, an action and its source per mutation. */
  readonly lines: Buffer;
}

/** What became of the mutations. */
export interface Written {
  readonly upserts: number;
  readonly deletes: number;
  readonly repeated: number;
}

/** With one of the mutations that the store refused for its version, if there was any. */
export interface WrittenWith extends Written {
  readonly conflict: Mutation | null;
}

/**
 * Cut by bytes and count, encoded one chunk at a time (Invariant 10). Each mutation carries its offset as external
 * version, so that a late or repeated one is refused by the document itself (Invariant 4).
 */
export function* chunksOf(
  mutations: readonly Mutation[],
  limits = { bytes: chunkBytes, documents: chunkDocuments },
): Generator<Chunk> {
  let held: Mutation[] = [];
  let lines = new ActionLines(Math.min(mutations.length, limits.documents));
  for (const mutation of mutations) {
    const before = lines.length;
    lines.add(mutation);
    if (held.length > 0 && (lines.length > limits.bytes || held.length === limits.documents)) {
      yield { mutations: held, lines: lines.upTo(before) };
      held = [];
      lines = lines.from(before);
    }
    held.push(mutation);
  }
  if (held.length > 0) yield { mutations: held, lines: lines.upTo(lines.length) };
}

/** The batch before, while it is under way. */
export interface Predecessor {
  readonly mutations: readonly Mutation[];
  /** Resolves when each of its documents was answered; rejects when it cannot be gone on with. */
  readonly written: Promise<unknown>;
}

/**
 * Writes all mutations through a write alias. Resolves when every item is durable; `laneLost` when the alias is gone.
 * Throws `Refused` with all that can never be stored, everything else being written, or `Unavailable`; and only once
 * nothing is under way any more: a request that ends after its failure was reported would be a late write of our own
 * making.
 */
export async function writeMutations(
  ask: Ask,
  input: {
    readonly generation: Generation;
    readonly alias: string;
    readonly mutations: readonly Mutation[];
    readonly signal: AbortSignal;
    readonly gate: Gate;
    readonly predecessor: Predecessor | null;
  },
): Promise<WrittenWith | typeof laneLost> {
  const { generation, alias, mutations, signal, gate, predecessor } = input;
  const { fitting, refusals: overlong, gone } = sortByLength(generation, mutations);
  const stages = stagesOf(fitting, predecessor);
  const results: ChunkOutcome[] = [];
  let lost = false;
  const failures: unknown[] = [];
  predecessor?.written.catch((error: unknown) => failures.push(error)); // no more is sent then
  const send = async (chunk: Chunk) => {
    const result = await writeChunk(ask, { generation, alias, chunk, signal });
    if (result === laneLost) lost = true;
    else results.push(result);
  };
  const sender = async () => {
    try {
      for (const { after, chunks } of stages) {
        await after;
        for (const chunk of chunks) {
          if (lost || failures.length > 0) return;
          await send(chunk);
        }
      }
    } catch (error) {
      failures.push(error);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, () => gate(sender)));
  // Fenced before all else: what a replaced owner could not store is no longer its concern.
  if (lost) return laneLost;
  // What may pass comes before what never will: the batch comes again, and then everything that is refused is known.
  if (failures.length > 0) throw failures[0];
  if (overlong.length > 0 && results.length === 0 && !(await hasAlias(ask, alias, signal))) return laneLost;
  throwRefused([...overlong, ...results.flatMap(({ refusals }) => refusals)]);
  return results.reduce<WrittenWith>(
    (sum, each) => ({
      upserts: sum.upserts + each.upserts,
      deletes: sum.deletes + each.deletes,
      repeated: sum.repeated + each.repeated,
      conflict: sum.conflict ?? each.conflict,
    }),
    { upserts: 0, deletes: gone, repeated: 0, conflict: null },
  );
}

interface Stage {
  readonly after: Promise<unknown> | null;
  /** Shared by all senders. */
  readonly chunks: Generator<Chunk>;
}

/**
 * Documents that the batch before writes too come last, when it has been answered: of two versions under way at once the
 * older may come second, and its conflict would be taken for somebody else's write.
 */
function stagesOf(mutations: readonly Mutation[], predecessor: Predecessor | null): readonly Stage[] {
  if (predecessor === null) return [{ after: null, chunks: chunksOf(mutations) }];
  const written = new Set(predecessor.mutations.map(({ id }) => id));
  const fresh: Mutation[] = [];
  const again: Mutation[] = [];
  for (const mutation of mutations) (written.has(mutation.id) ? again : fresh).push(mutation);
  return [
    { after: null, chunks: chunksOf(fresh) },
    { after: predecessor.written, chunks: chunksOf(again) },
  ];
}
