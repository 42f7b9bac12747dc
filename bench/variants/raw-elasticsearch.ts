import { Client } from '@elastic/elasticsearch';
import type { Mutation } from '../../model/mutation';
import { readMutations } from '../lane';
import type { Log, Place } from '../log';
import type { Meter } from '../meter';

export interface RawElasticsearchSpec {
  readonly place: Place;
  readonly log: Log;
  /** An empty index with the settings and fields of a generation. */
  readonly index: string;
  readonly changes: number;
}

/** As our adapter cuts them: what is compared is what lies around the requests, not their shape. */
const documentsPerRequest = 500;
const inFlight = 4;
const answered = ['error', 'items.*.status', 'items.*.error'];

/** The same documents and versions by the same client: `_bulk` after `_bulk`, four under way, nothing else. */
export async function rawElasticsearch(spec: RawElasticsearchSpec, meter: Meter): Promise<number> {
  const { place, log, index, changes } = spec;
  const cuts = await readMutations(place, { log, store: 'search', size: documentsPerRequest });
  const client = new Client({ node: place.environment.BENCH_SEARCH_URL, maxRetries: 0 });
  const left = cuts.values();
  const sender = async () => {
    for (const cut of left) {
      // Of the answer as much as our adapter asks for.
      const answer = await client.bulk({ index, operations: operationsOf(cut), filter_path: answered });
      // Four under way overtake each other: an older version that comes late is refused, as it should be.
      const failed = answer.items.find(({ index: item }) => (item?.status ?? 500) >= 300 && item?.status !== 409);
      if (failed) throw new Error(`A document was refused: ${JSON.stringify(failed.index?.error)}`);
    }
  };
  meter.start();
  await Promise.all(Array.from({ length: inFlight }, sender));
  meter.stop();
  await client.close();
  return changes;
}

function operationsOf(cut: readonly Mutation[]): object[] {
  return cut.flatMap(({ id, document, version }) => [
    { index: { _id: id, version: Number(version), version_type: 'external' as const } },
    { _slipstream_id: id, ...document },
  ]);
}
