import { allDocuments, idsBeginWith } from '../../model/mapping';
import type { Document, Generation, KeyRange } from '../store';
import type { Reply } from './client';
import { decodeDocument, type Form } from './documents';
import { checkMeta, readMeta, type Place } from './generations';
import { idBounds } from './names';

/** Documents read in one step: others wait for so long. */
const pageSize = 500;

/**
 * Documents of one target, in the order of their ids' bytes, as written. The order comes from a sorted set of all ids:
 * SCAN has none, and would go through every key of the server for each page.
 */
export async function scanDocuments(
  place: Place,
  { generation, range, limit, form }: { generation: Generation; range: KeyRange; limit: number; form: Form },
): Promise<Document[]> {
  const { connection, scripts, names } = place;
  const meta = await readMeta(place, generation);
  checkMeta(meta, generation);
  const columns = meta.columns[range.target] ?? {};
  const script = form === 'json' ? scripts.readTexts : scripts.readHashes;
  const known = allDocuments(place.context.definition).find(({ target }) => target === range.target);
  // A generation of another definition has targets that this one does not know.
  const beginning = idsBeginWith(known ?? { target: range.target, mapping: {} });
  const documents: Document[] = [];
  let after = range.after;
  while (documents.length < limit) {
    const size = Math.min(pageSize, limit - documents.length);
    const { min, max } = idBounds(beginning, after);
    const page = (await connection.run(script, {
      keys: [names.ids(generation.number)],
      args: [names.documents(generation.number), min, max, size],
    })) as readonly (readonly [string, Reply])[];
    for (const [id, reply] of page) {
      const body = decodeDocument(reply, { form, columns });
      // Its time to live is over: the id stays until the row is deleted or the generation dropped.
      if (body !== null) documents.push({ id, target: range.target, body });
    }
    const last = page.at(-1);
    if (!last || page.length < size) break;
    after = last[0];
  }
  return documents;
}
