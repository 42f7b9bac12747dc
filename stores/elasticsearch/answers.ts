import { Unavailable } from '../../model/errors';
import type { Answer } from './client';

/** One item of a bulk answer. */
export interface BulkItem {
  readonly status: number;
  readonly error?: { readonly type?: string; readonly reason?: string };
  readonly _seq_no?: number;
  readonly _primary_term?: number;
}

/**
 * `written`: as asked, a delete of what is not there included. `held`: the store has this version or a later one.
 * `fenced`: the write alias is not there. `unstorable`: it will be refused again. `busy`: the server had no room for it
 * just now. `unavailable`: something else, which may pass.
 */
export type ItemVerdict = 'written' | 'held' | 'fenced' | 'unstorable' | 'busy' | 'unavailable';

/** The document itself is wrong for the mapping. Types not listed may be the server's state, so they are tried again. */
const unstorable: ReadonlySet<string> = new Set([
  'document_parsing_exception',
  'mapper_parsing_exception',
  'mapping_exception',
  'strict_dynamic_mapping_exception',
  'illegal_argument_exception',
]);

/** Pure: what one item's answer means. Invariant 5: success is what is listed here, everything else is not. */
export function judgeItem({ status, error }: BulkItem): ItemVerdict {
  if (error === undefined) return (status >= 200 && status < 300) || status === 404 ? 'written' : 'unavailable';
  if (status === 409 && error.type === 'version_conflict_engine_exception') return 'held';
  if (status === 404) return 'fenced';
  // Larger than the server takes, and alone in its request.
  if (status === 413) return 'unstorable';
  if (isBusy({ status })) return 'busy';
  return status === 400 && unstorable.has(error.type ?? '') ? 'unstorable' : 'unavailable';
}

/** A full queue or heap: what was refused for it is worth sending again at once, and nothing else is. */
export function isBusy({ status }: Pick<Answer, 'status'>): boolean {
  return status === 429;
}

/** The items of a bulk answer, one per action. A short or garbled answer says nothing about the rest: `Unavailable`. */
export function bulkItems(answer: Answer, expected: number): readonly BulkItem[] {
  const { items } = answer.body as { items?: readonly Record<string, BulkItem>[] };
  const results: BulkItem[] = [];
  if (Array.isArray(items))
    for (const item of items as Record<string, BulkItem>[]) results.push(...Object.values(item));
  if (results.length === expected) return results;
  throw new Unavailable(
    `Elasticsearch answered ${results.length} items to a bulk of ${expected}; what it stored is not known. It is tried again.`,
  );
}

/** The field an item was refused for. The rest of the reason quotes the document, so it goes no further. */
export function refusedField(item: BulkItem): string | null {
  return (
    /(?:failed to parse field|dynamic introduction of) \[([^\]]{1,200})\]/.exec(item.error?.reason ?? '')?.[1] ?? null
  );
}

export function errorType(answer: Answer): string {
  const { error } = (answer.body ?? {}) as { error?: { type?: unknown } };
  return typeof error?.type === 'string' ? error.type : 'no type';
}

/** Of an answer to what the pipeline file asks for: of documents it would quote values. */
export function reasonOf(answer: Answer): string {
  const { error } = (answer.body ?? {}) as { error?: { reason?: unknown } };
  return typeof error?.reason === 'string' ? error.reason.slice(0, 300) : 'no reason given';
}

export function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** The body of a success. Everything else is `Unavailable` (what has another meaning is judged before). */
export function succeeded<Body>(answer: Answer, what: string): Body {
  if (isSuccess(answer)) return answer.body as Body;
  throw refused(answer, what);
}

/** Cluster-wide changes count once every node has applied them: a node that has not still honours the old alias. */
export function acknowledged(answer: Answer, what: string): void {
  if (succeeded<{ acknowledged?: boolean }>(answer, what).acknowledged !== true) {
    throw new Unavailable(`Not every Elasticsearch node has confirmed ${what} in time. It is tried again.`);
  }
}

export function refused(answer: Answer, what: string): Unavailable {
  const hint =
    answer.status === 401 || answer.status === 403
      ? "Look at the credentials and privileges of the store's url, and for indexes made read-only by a full disk"
      : answer.status === 413
        ? 'Raise the size of requests (up to 5 MiB) that the server or a proxy before it accepts'
        : 'Look at the health of the cluster';
  return new Unavailable(
    `Elasticsearch answered ${answer.status} (${errorType(answer)}) to ${what}. ${hint}; it is tried again.`,
  );
}

export function refusedItem({ status, error }: BulkItem, what: string): Unavailable {
  return refused({ status, body: { error: { type: error?.type } } }, what);
}
