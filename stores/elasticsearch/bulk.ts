import type { Mutation } from '../../model/mutation';
import { refusal, throwRefused, type Refusal } from '../refused';
import type { Generation } from '../store';
import type { Ask } from './client';
import { encodeAction } from './encode';
import { laneLost } from './send';
import { writeChunk, type ChunkOutcome } from './write-chunk';

/** Servers accept 100 MiB, proxies before them often much less; beyond a few MiB a request gains nothing. */
const chunkBytes = 5 * 1024 * 1024;
const chunkDocuments = 500;
/** Requests under way at once: one alone leaves the server idle while we encode. */
const inFlight = 4;
/** Elasticsearch's own limit on ids. */
const idBytes = 512;

export interface Chunk {
  readonly mutations: readonly Mutation[];
  /** NDJSON, an action and its source per mutation. */
  readonly lines: string;
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
  let lines: string[] = [];
  let bytes = 0;
  for (const mutation of mutations) {
    const line = encodeAction(mutation);
    const size = Buffer.byteLength(line);
    if (held.length > 0 && (bytes + size > limits.bytes || held.length === limits.documents)) {
      yield { mutations: held, lines: lines.join('') };
      held = [];
      lines = [];
      bytes = 0;
    }
    held.push(mutation);
    lines.push(line);
    bytes += size;
  }
  if (held.length > 0) yield { mutations: held, lines: lines.join('') };
}

/** Told before anything is sent, and not sent: the server would refuse the request as a whole. */
export function overlongIds(generation: Generation, mutations: readonly Mutation[]): readonly Refusal[] {
  return mutations
    .filter(({ id }) => isOverlong(id))
    .map((mutation) => refusal(generation, mutation, `its key makes an id of more than ${idBytes} bytes`));
}

function isOverlong(id: string): boolean {
  // A character has at most three bytes per UTF-16 unit: most ids need no counting.
  return id.length * 3 > idBytes && Buffer.byteLength(id) > idBytes;
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
  },
): Promise<WrittenWith | typeof laneLost> {
  const { generation, alias, mutations, signal } = input;
  const overlong = overlongIds(generation, mutations);
  const chunks = chunksOf(overlong.length === 0 ? mutations : mutations.filter(({ id }) => !isOverlong(id)));
  const results: ChunkOutcome[] = [];
  let lost = false;
  const failures: unknown[] = [];
  const sender = async () => {
    for (const chunk of chunks) {
      if (lost || failures.length > 0) return;
      try {
        const result = await writeChunk(ask, { generation, alias, chunk, signal });
        if (result === laneLost) lost = true;
        else results.push(result);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, sender));
  // Fenced before all else: what a replaced owner could not store is no longer its concern.
  if (lost) return laneLost;
  // What may pass comes before what never will: the batch comes again, and then everything that is refused is known.
  if (failures.length > 0) throw failures[0];
  throwRefused([...overlong, ...results.flatMap(({ refusals }) => refusals)]);
  return results.reduce<WrittenWith>(
    (sum, each) => ({
      upserts: sum.upserts + each.upserts,
      deletes: sum.deletes + each.deletes,
      repeated: sum.repeated + each.repeated,
      conflict: sum.conflict ?? each.conflict,
    }),
    { upserts: 0, deletes: 0, repeated: 0, conflict: null },
  );
}
