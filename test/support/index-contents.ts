/** Raw HTTP on purpose: what readers see, seen without our client and our adapter. */
export async function ask(url: string, path: string, init: { method?: string; body?: unknown } = {}): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method: init.method ?? (init.body === undefined ? 'GET' : 'POST'),
    headers: { 'content-type': 'application/json' },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Elasticsearch answered ${response.status} to ${path}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as unknown;
}

interface Hits {
  readonly pit_id: string;
  readonly hits: {
    readonly hits: readonly {
      readonly _id: string;
      readonly _source: Record<string, unknown>;
      readonly sort: readonly unknown[];
    }[];
  };
}

/** All documents that readers of an alias can find, by id: one point in time, every page. */
export async function readIndex(url: string, alias: string): Promise<Map<string, Record<string, unknown>>> {
  await ask(url, `/${alias}/_refresh`, { method: 'POST' });
  const { id } = (await ask(url, `/${alias}/_pit?keep_alive=1m`, { method: 'POST' })) as { id: string };
  const documents = new Map<string, Record<string, unknown>>();
  let pit = id;
  try {
    for (let after: readonly unknown[] | undefined; ;) {
      const page = (await ask(url, '/_search', {
        body: {
          size: 5000,
          pit: { id: pit, keep_alive: '1m' },
          sort: [{ _shard_doc: 'asc' }],
          track_total_hits: false,
          ...(after ? { search_after: after } : {}),
        },
      })) as Hits;
      pit = page.pit_id;
      for (const hit of page.hits.hits) documents.set(hit._id, hit._source);
      after = page.hits.hits.at(-1)?.sort;
      if (!after) return documents;
    }
  } finally {
    await ask(url, '/_pit', { method: 'DELETE', body: { id: pit } });
  }
}

/** Whether a search under the readers' name finds the document. */
export async function isFound(url: string, alias: string, id: string): Promise<boolean> {
  const answer = (await ask(url, `/${alias}/_search`, { body: { query: { ids: { values: [id] } } } })) as {
    hits: { hits: unknown[] };
  };
  return answer.hits.hits.length === 1;
}
