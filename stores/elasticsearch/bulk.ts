import { Blocked } from '../../model/errors';
import type { Mutation } from '../../model/mutation';
import { describe } from '../ownership';
import type { Generation } from '../store';
import {
  bulkItems,
  errorType,
  isSuccess,
  judgeItem,
  refused,
  refusedField,
  refusedItem,
  type BulkItem,
  type ItemVerdict,
} from './answers';
import type { Ask } from './client';
import { idField } from './names';

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

/** Some item found no write alias: whoever called looks who has the lane. */
export const laneLost = Symbol('lane lost');

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
    const line = encode(mutation);
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

function encode({ id, document, version }: Mutation): string {
  const quoted = JSON.stringify(id);
  // The version as text: as a JSON number it would lose digits above 2^53.
  const action = `{"_id":${quoted},"version":"${version}","version_type":"external"}`;
  if (document === null) return `{"delete":${action}}\n`;
  const body = JSON.stringify(document).slice(1);
  return `{"index":${action}}\n{"${idField}":${quoted}${body === '}' ? '' : ','}${body}\n`;
}

/** Refused before anything is sent: the server would refuse the request as a whole. */
export function checkIds(generation: Generation, mutations: readonly Mutation[]): void {
  for (const mutation of mutations) {
    // A character has at most three bytes per UTF-16 unit: most ids need no counting.
    if (mutation.id.length * 3 > idBytes && Buffer.byteLength(mutation.id) > idBytes) {
      throw unstorable(generation, mutation, `its key makes an id of more than ${idBytes} bytes`);
    }
  }
}

/**
 * Writes all mutations through a write alias. Resolves when every item is durable; `laneLost` when the alias is gone.
 * Throws `Blocked` unstorable or `Unavailable` when an item failed, and only once nothing is under way any more: a
 * request that ends after its failure was reported would be a late write of our own making.
 */
export async function writeMutations(
  ask: Ask,
  input: {
    readonly generation: Generation;
    readonly alias: string;
    readonly mutations: readonly Mutation[];
    readonly signal: AbortSignal;
  },
): Promise<Written | typeof laneLost> {
  const { generation, alias, mutations, signal } = input;
  checkIds(generation, mutations);
  const chunks = chunksOf(mutations);
  const results: Written[] = [];
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
  if (failures.length > 0) throw failures.find((error) => error instanceof Blocked) ?? failures[0];
  return results.reduce(
    (sum, each) => ({
      upserts: sum.upserts + each.upserts,
      deletes: sum.deletes + each.deletes,
      repeated: sum.repeated + each.repeated,
    }),
    { upserts: 0, deletes: 0, repeated: 0 },
  );
}

async function writeChunk(
  ask: Ask,
  input: { generation: Generation; alias: string; chunk: Chunk; signal: AbortSignal },
): Promise<Written | typeof laneLost> {
  const { generation, alias, chunk, signal } = input;
  const answer = await sendBulk(ask, { alias, lines: chunk.lines, signal });
  const [first] = chunk.mutations;
  if (answer.status === 413 && first && chunk.mutations.length === 1) {
    throw unstorable(generation, first, 'it is larger than the server accepts');
  }
  if (!isSuccess(answer)) {
    if (answer.status === 404 && errorType(answer) === 'index_not_found_exception') return laneLost;
    throw refused(answer, `a bulk of ${chunk.mutations.length} for ${describe(generation)}`);
  }
  return judgeChunk(generation, chunk.mutations, bulkItems(answer, chunk.mutations.length));
}

/** One bulk through a write alias and nothing else: with `require_alias` a missing one is refused, never created. */
export function sendBulk(ask: Ask, input: { alias: string; lines: string; signal?: AbortSignal }) {
  const { alias, lines, signal } = input;
  return ask({ method: 'POST', path: [alias, '_bulk'], query: { require_alias: true }, lines }, signal);
}

/** Invariant 5: every item is looked at, whatever the answer's own `errors` flag says. */
function judgeChunk(
  generation: Generation,
  mutations: readonly Mutation[],
  items: readonly BulkItem[],
): Written | typeof laneLost {
  const verdicts = items.map(judgeItem);
  const first = (verdict: ItemVerdict) => {
    const at = verdicts.indexOf(verdict);
    const item = items[at];
    const mutation = mutations[at];
    return item && mutation ? { item, mutation } : null;
  };
  if (first('fenced')) return laneLost;
  const blocked = first('unstorable');
  if (blocked) throw refusal(generation, blocked.mutation, blocked.item);
  const failed = first('unavailable');
  if (failed) throw refusedItem(failed.item, `a document of ${describe(generation)}`);
  const written = mutations.filter((_, at) => verdicts[at] === 'written');
  const deletes = written.filter(({ document }) => document === null).length;
  return { upserts: written.length - deletes, deletes, repeated: mutations.length - written.length };
}

function refusal(generation: Generation, mutation: Mutation, item: BulkItem): Blocked {
  const field = refusedField(item);
  const known = field !== null && mutation.document !== null && field in mutation.document;
  return unstorable(generation, mutation, `${item.error?.type ?? 'refused'}${known ? ` in field '${field}'` : ''}`);
}

/** Names the place in the log and never the key or a value: the message ends in history. */
function unstorable(generation: Generation, { target, version }: Mutation, why: string): Blocked {
  return new Blocked(
    'unstorable',
    `${describe(generation)} refuses the record of ${target} at offset ${version}: ${why}. Correct the row at the source, or ` +
      `rebuild the store with a definition that leaves the column out.`,
  );
}
