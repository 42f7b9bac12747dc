import { CommandFailure } from '../../client/outcome';

/** The name readers use: `index` in pipeline.json. */
const index = 'shop';

export interface Hit {
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Searches as an application would: by the readers' name, over plain HTTP. Throws CommandFailure when it cannot. */
export async function search(url: string, query: object, size: number): Promise<{ hits: Hit[]; total: number }> {
  const answer = await request(url, `/${index}/_search`, { query, size, track_total_hits: true });
  const { hits } = answer as { hits: { total: { value: number }; hits: { _id: string; _source: Hit['body'] }[] } };
  return { total: hits.total.value, hits: hits.hits.map(({ _id, _source }) => ({ id: _id, body: _source })) };
}

/** All documents that readers see: there are fewer than the 10,000 that one search may return. */
export async function allDocuments(url: string): Promise<Hit[]> {
  await request(url, `/${index}/_refresh`, null);
  const { hits, total } = await search(url, { match_all: {} }, 10_000);
  if (hits.length !== total)
    throw new CommandFailure('failed', `The index has ${total} documents, too many to compare.`);
  return hits;
}

async function request(url: string, path: string, body: object | null): Promise<unknown> {
  const response = await fetch(new URL(path, url), {
    method: 'POST',
    ...(body === null ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  }).catch((error: Error) => {
    throw new CommandFailure('unreachable', `Elasticsearch does not answer at ${url}: ${error.message}.`);
  });
  if (response.ok) return response.json();
  if (response.status === 404) {
    throw new CommandFailure(
      'notFound',
      `There is no index '${index}' at ${url} yet: it appears when the first build is done.`,
    );
  }
  throw new CommandFailure('failed', `Elasticsearch answered ${response.status} to ${path}.`);
}
