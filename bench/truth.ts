import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import { withClient } from '../examples/shop/database';

/** Rows, and one digest of all of them in the order of their keys. */
export interface Contents {
  readonly rows: number;
  readonly digest: string;
}

/** Throws with both when they differ: a rate of wrong rows is no rate. */
export function assertEqual(what: string, expected: Contents, found: Contents): void {
  if (expected.rows === found.rows && expected.digest === found.digest) return;
  throw new Error(
    `${what} is not what the source holds: ${found.rows} rows (${found.digest}), the source ${expected.rows} (${expected.digest}).`,
  );
}

/** Every column of every row, in PostgreSQL's own text. Two tables of the same columns are equal if their digests are. */
export function readTable(url: string, relation: string): Promise<Contents> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ rows: string; digest: string }>(
      `select count(*) as rows, coalesce(md5(string_agg(md5(t::text), '' order by t.id)), '') as digest from ${relation} t`,
    );
    return { rows: Number(rows[0]?.rows), digest: rows[0]?.digest ?? '' };
  });
}

/** The source's rows as documents hold them: each value in its text form, fields by name. */
export function readRowsAsDocuments(url: string): Promise<Contents> {
  return withClient(url, async (client) => {
    const digest = createDigest();
    for await (const rows of pages(client)) for (const row of rows) digest.add(`items/${row['id']}`, row);
    return digest.contents();
  });
}

async function* pages(client: Client): AsyncGenerator<Record<string, string | null>[]> {
  const types = { getTypeParser: () => (text: string) => text };
  await client.query('begin');
  await client.query(`declare every no scroll cursor for select * from items`);
  for (;;) {
    const { rows } = await client.query<Record<string, string | null>>({ text: 'fetch 10000 from every', types });
    if (rows.length === 0) break;
    yield rows;
  }
  await client.query('commit');
}

interface Page {
  readonly pit_id: string;
  readonly hits: {
    readonly hits: readonly {
      readonly _id: string;
      readonly _source: Record<string, unknown>;
      readonly sort: unknown;
    }[];
  };
}

/** Every document of an index but the lane's own record, by plain HTTP: past our client and our adapter. */
export async function readIndex(url: string, index: string): Promise<Contents> {
  await askSearch(url, `/${index}/_refresh`, null);
  const { id } = (await askSearch(url, `/${index}/_pit?keep_alive=1m`, null)) as { id: string };
  const digest = createDigest();
  let pit = id;
  for (let after: unknown; ;) {
    const page = (await askSearch(url, '/_search', {
      size: 10_000,
      pit: { id: pit, keep_alive: '1m' },
      sort: [{ _shard_doc: 'asc' }],
      track_total_hits: false,
      ...(after === undefined ? {} : { search_after: after }),
    })) as Page;
    pit = page.pit_id;
    for (const { _id, _source } of page.hits.hits) if (!('_slipstream' in _source)) digest.add(_id, _source);
    after = page.hits.hits.at(-1)?.sort;
    if (after === undefined) break;
  }
  await askSearch(url, '/_pit', { id: pit }, 'DELETE');
  return digest.contents();
}

export async function askSearch(url: string, path: string, body: object | null, method = 'POST'): Promise<unknown> {
  const response = await fetch(new URL(path, url), {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Elasticsearch answered ${response.status} to ${path}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as unknown;
}

/** Of documents in any order: a digest per document, sorted by id. Booleans as SQL writes them. */
export function createDigest() {
  const each: string[] = [];
  const text = (value: unknown) => (typeof value === 'boolean' ? (value ? 't' : 'f') : String(value));
  return {
    add(id: string, body: Readonly<Record<string, unknown>>) {
      const fields = Object.entries(body).filter(([name]) => name !== '_slipstream_id');
      const sorted = fields.map(([name, value]) => [name, text(value)]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
      each.push(`${id} ${createHash('md5').update(JSON.stringify(sorted)).digest('hex')}`);
    },
    contents: (): Contents => ({
      rows: each.length,
      digest: createHash('md5').update(each.sort().join('\n')).digest('hex'),
    }),
  };
}
