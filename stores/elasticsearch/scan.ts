import type { DocumentBody } from '../../model/mutation';
import { missing } from '../ownership';
import type { Document, Generation, KeyRange } from '../store';
import { succeeded } from './answers';
import type { Ask } from './client';
import { refresh } from './generations';
import { idField, idRange } from './names';

interface Hits {
  readonly hits: { readonly hits: readonly { readonly _id: string; readonly _source: DocumentBody }[] };
}

/** `index.max_result_window` by default. */
const pageSize = 10_000;

/** Documents of one target, in the order of their ids' bytes, as written. Everything applied before the call is seen. */
export async function scanDocuments(
  ask: Ask,
  input: {
    readonly name: string;
    readonly generation: Generation;
    readonly range: KeyRange;
    readonly limit: number;
    /** What the ids of the target begin with. */
    readonly beginning: string;
  },
): Promise<Document[]> {
  const { name, generation, range, limit, beginning } = input;
  const documents: Document[] = [];
  await refresh(ask, name, generation);
  let after = range.after;
  while (documents.length < limit) {
    const size = Math.min(pageSize, limit - documents.length);
    const answer = await ask({
      method: 'POST',
      path: [name, '_search'],
      // A shard that fails to answer must not look like documents that are missing.
      query: { allow_partial_search_results: false },
      body: {
        size,
        // Sorted by a field of our own: Elasticsearch refuses to sort by `_id`.
        query: { bool: { filter: [{ range: { [idField]: idRange(beginning) } }, ...beyond(after)] } },
        sort: [{ [idField]: 'asc' }],
        track_total_hits: false,
      },
    });
    if (answer.status === 404) throw missing(generation);
    const { hits } = succeeded<Hits>(answer, `a search in ${name}`).hits;
    for (const { _id: id, _source: body } of hits) documents.push({ id, target: range.target, body });
    const last = hits.at(-1);
    if (!last || hits.length < size) break;
    after = last._id;
  }
  return documents;
}

function beyond(after: string | null): object[] {
  return after === null ? [] : [{ range: { [idField]: { gt: after } } }];
}
