import { setTimeout as wait } from 'node:timers/promises';
import { isDelete, type Mutation } from '../../model/mutation';
import { describe } from '../ownership';
import { refusal, type Refusal } from '../refused';
import type { Generation } from '../store';
import {
  bulkItems,
  errorType,
  isBusy,
  isSuccess,
  judgeItem,
  refused,
  refusedField,
  refusedItem,
  type BulkItem,
} from './answers';
import type { Chunk, WrittenWith } from './bulk';
import type { Answer, Ask } from './client';
import { encodeActions } from './encode';
import { laneLost, sendBulk } from './send';

/** What became of a chunk: everything that is not refused is written. */
export interface ChunkOutcome extends WrittenWith {
  readonly refusals: readonly Refusal[];
}

/**
 * Before each repetition, milliseconds: three seconds in all, well within a heartbeat's patience. Not left to Temporal at
 * once: it would send the whole batch again, to a server that has just said it has too much to do.
 */
export const pausesMs: readonly number[] = [100, 200, 400, 800, 1_600];

interface ChunkInput {
  readonly generation: Generation;
  readonly alias: string;
  readonly chunk: Chunk;
  readonly signal: AbortSignal;
  /** Tests do not wait. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

interface Tally {
  upserts: number;
  deletes: number;
  repeated: number;
  readonly refusals: Refusal[];
  conflict: Mutation | null;
}

/** Writes one chunk; items that the server was too busy for are sent again, alone. Throws `Unavailable`. */
export async function writeChunk(ask: Ask, input: ChunkInput): Promise<ChunkOutcome | typeof laneLost> {
  const { generation, alias, chunk, signal, pause = pauseUnlessAborted } = input;
  const tally: Tally = { upserts: 0, deletes: 0, repeated: 0, refusals: [], conflict: null };
  let { mutations, lines } = chunk;
  for (const ms of [...pausesMs, null]) {
    const answer = await sendBulk(ask, { alias, lines, signal });
    const items = itemsOf(answer, { generation, mutations });
    if (items === laneLost) return laneLost;
    const again = judge(items, { generation, mutations, tally });
    if (again === laneLost) return laneLost;
    const [first] = again;
    if (!first) return tally;
    if (ms === null)
      throw refusedItem(first.item, `${again.length} documents of ${describe(generation)}, sent 6 times`);
    mutations = again.map(({ mutation }) => mutation);
    lines = encodeActions(mutations);
    await pause(ms, signal);
  }
  return tally;
}

/** A pause that is cut off ends with the signal's own reason: by that the slice knows that it was told to end, and has not failed. */
async function pauseUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** One answer per mutation, also where the server answered for all of them at once. */
function itemsOf(
  answer: Answer,
  { generation, mutations }: { generation: Generation; mutations: readonly Mutation[] },
): readonly BulkItem[] | typeof laneLost {
  if (isSuccess(answer)) return bulkItems(answer, mutations.length);
  if (answer.status === 404 && errorType(answer) === 'index_not_found_exception') return laneLost;
  const alone = answer.status === 413 && mutations.length === 1;
  if (alone || isBusy(answer)) {
    return mutations.map(() => ({ status: answer.status, error: { type: errorType(answer) } }));
  }
  throw refused(answer, `a bulk of ${mutations.length} for ${describe(generation)}`);
}

/** Invariant 5: every item is looked at, whatever the answer's own `errors` flag says. Returns what is to be sent again. */
function judge(
  items: readonly BulkItem[],
  input: {
    readonly generation: Generation;
    readonly mutations: readonly Mutation[];
    readonly tally: Tally;
  },
): readonly { readonly item: BulkItem; readonly mutation: Mutation }[] | typeof laneLost {
  const { generation, mutations, tally } = input;
  const again: { item: BulkItem; mutation: Mutation }[] = [];
  // Looked for first: of a batch that is not ours any more nothing else counts.
  if (items.some((item) => judgeItem(item) === 'fenced')) return laneLost;
  for (const [at, item] of items.entries()) {
    const mutation = mutations[at];
    if (!mutation) continue;
    switch (judgeItem(item)) {
      case 'written':
        tally[isDelete(mutation) ? 'deletes' : 'upserts'] += 1;
        break;
      case 'held':
        tally.repeated += 1;
        tally.conflict ??= mutation;
        break;
      case 'unstorable':
        tally.refusals.push(refusal(generation, mutation, whyOf(item, mutation)));
        break;
      case 'busy':
        again.push({ item, mutation });
        break;
      case 'fenced':
      case 'unavailable':
        throw refusedItem(item, `a document of ${describe(generation)}`);
    }
  }
  return again;
}

/** The error's type and a field that is the document's own; the reason quotes values and goes no further. */
function whyOf(item: BulkItem, { document }: Mutation): string {
  if (item.status === 413) return 'it is larger than the server accepts';
  const field = refusedField(item);
  const known = field !== null && document !== null && field in document;
  return `${item.error?.type ?? 'refused'}${known ? ` in field '${field}'` : ''}`;
}
