/** Raw HTTP on purpose: what readers see, seen without our client and our adapter. */
export async function ask(url: string, path: string, init: { method?: string; body?: unknown } = {}): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method: init.method ?? (init.body === undefined ? 'GET' : 'POST'),
    headers: { 'content-type': 'application/json' },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    signal: AbortSignal.timeout(120_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Elasticsearch answered ${response.status} to ${path}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as unknown;
}

interface Page {
  readonly _scroll_id: string;
  readonly hits: { readonly hits: readonly { readonly _id: string; readonly _source: Record<string, unknown> }[] };
}

/** All documents that readers of an alias can find, by id: one point in time, every page. By scrolling, which OpenSearch knows too. */
export async function readIndex(url: string, alias: string): Promise<Map<string, Record<string, unknown>>> {
  await ask(url, `/${alias}/_refresh`, { method: 'POST' });
  const documents = new Map<string, Record<string, unknown>>();
  const body = { size: 5000, sort: ['_doc'] };
  let page = (await ask(url, `/${alias}/_search?scroll=1m`, { body })) as Page;
  try {
    while (page.hits.hits.length > 0) {
      for (const hit of page.hits.hits) documents.set(hit._id, hit._source);
      page = (await ask(url, '/_search/scroll', { body: { scroll: '1m', scroll_id: page._scroll_id } })) as Page;
    }
    return documents;
  } finally {
    await ask(url, '/_search/scroll', { method: 'DELETE', body: { scroll_id: page._scroll_id } });
  }
}

/** Whether a search under the readers' name finds the document. */
export async function isFound(url: string, alias: string, id: string): Promise<boolean> {
  const answer = (await ask(url, `/${alias}/_search`, { body: { query: { ids: { values: [id] } } } })) as {
    hits: { hits: unknown[] };
  };
  return answer.hits.hits.length === 1;
}
