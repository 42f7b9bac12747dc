import type { Client } from 'pg';
import { withClient } from './database';
import { allDocuments } from './search-index';

/** What one target of a store holds against what the source says it must. */
export interface Comparison {
  readonly target: string;
  /** Rows or documents that the source asks for. */
  readonly rows: number;
  /** Keys with what is wrong about them; empty: equal, in both directions. */
  readonly differences: readonly string[];
}

/** Key → content, both as text. */
type Contents = ReadonlyMap<string, string>;

const tables = {
  customers: ['id'],
  products: ['id'],
  orders: ['id'],
  order_lines: ['order_id', 'line'],
} as const;

/** What pipeline.json makes of a table in the index, said once more in SQL: so that a wrong mapping is seen. */
const documents = {
  products: `select id, name as title, category, price, active::text, attributes, description, updated_at from products where active`,
  customers: `select id, name as customer_name, city, created_at as customer_since from customers`,
} as const;

/** Pure: both directions, so that a row that is nowhere and one that is too much are both found. */
export function compareContents(target: string, expected: Contents, found: Contents): Comparison {
  const differences: string[] = [];
  for (const [key, content] of expected) {
    const other = found.get(key);
    if (other === undefined) differences.push(`${target} ${key} is missing`);
    else if (other !== content) differences.push(`${target} ${key} has other values`);
  }
  for (const key of found.keys()) if (!expected.has(key)) differences.push(`${target} ${key} should not be there`);
  return { target, rows: expected.size, differences };
}

/** Every row of every table, source against the replica's views, in plain SQL. */
export async function compareReplica(sourceUrl: string, replicaUrl: string): Promise<Comparison[]> {
  return withClient(sourceUrl, (source) =>
    withClient(replicaUrl, async (replica) => {
      const comparisons: Comparison[] = [];
      for (const [table, key] of Object.entries(tables)) {
        const expected = await readTable(source, `public.${table}`, key);
        comparisons.push(compareContents(table, expected, await readTable(replica, `shop.${table}`, key)));
      }
      return comparisons;
    }),
  );
}

/** Every document that readers of the index see, against the source. */
export async function compareIndex(sourceUrl: string, searchUrl: string): Promise<Comparison[]> {
  const hits = await allDocuments(searchUrl);
  return withClient(sourceUrl, async (source) => {
    const comparisons: Comparison[] = [];
    for (const [target, sql] of Object.entries(documents)) {
      const expected = await readRows(source, target, sql);
      const found = new Map(
        hits
          .filter(({ id }) => id.startsWith(`${target}/`))
          .map(({ id, body }) => [
            id,
            asText(Object.entries(body).filter(([field]) => !field.startsWith('_slipstream'))),
          ]),
      );
      comparisons.push(compareContents(target, expected, found));
    }
    const strange = hits.filter(({ id }) => !Object.keys(documents).some((target) => id.startsWith(`${target}/`)));
    const ids = new Map(strange.map(({ id }) => [id, '']));
    return strange.length === 0 ? comparisons : [...comparisons, compareContents('(other)', new Map(), ids)];
  });
}

async function readTable(client: Client, table: string, key: readonly string[]): Promise<Contents> {
  const id = key.map((column) => `t.${column}::text`).join(` || '/' || `);
  const { rows } = await client.query<{ id: string; content: string }>(
    `select ${id} as id, to_jsonb(t)::text as content from ${table} t`,
  );
  return new Map(rows.map(({ id: found, content }) => [found, content]));
}

/** Each column in PostgreSQL's own text form, which is how a document holds it. */
async function readRows(client: Client, target: string, sql: string): Promise<Contents> {
  const types = { getTypeParser: () => (text: string) => text };
  const { rows } = await client.query<Record<string, string | null>>({ text: sql, types });
  return new Map(rows.map((row) => [`${target}/${row['id']}`, asText(Object.entries(row))]));
}

function asText(fields: readonly (readonly [string, unknown])[]): string {
  const texts = fields.map(
    ([name, value]) => [name, typeof value === 'string' || value === null ? value : JSON.stringify(value)] as const,
  );
  return JSON.stringify(texts.sort(([left], [right]) => (left < right ? -1 : 1)));
}
