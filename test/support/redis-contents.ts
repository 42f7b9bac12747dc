import { Redis } from 'ioredis';

/** A client of the tests' own: what it reads has not gone through the adapter. */
export async function withRedis<Result>(url: string, use: (client: Redis) => Promise<Result>): Promise<Result> {
  const client = new Redis(url);
  client.on('error', () => undefined);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

/** Every key that begins so. */
export async function keysOf(client: Redis, prefix: string): Promise<string[]> {
  const found = new Set<string>();
  let cursor = '0';
  do {
    // Braces mean nothing to a pattern of Redis; brackets and stars would, and no test has them in a prefix.
    const [next, keys] = await client.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 1_000);
    for (const key of keys) found.add(key);
    cursor = next;
  } while (cursor !== '0');
  return [...found];
}

export async function dropKeys(client: Redis, prefix: string): Promise<void> {
  const keys = await keysOf(client, prefix);
  for (let at = 0; at < keys.length; at += 1_000) await client.unlink(keys.slice(at, at + 1_000));
}

/** One document of JSON as readers get it, of the generation that `{key}:current` names; null: there is none. */
export async function readDocument(client: Redis, key: string, id: string): Promise<string | null> {
  return client.get(`{${key}}:${await client.get(`{${key}}:current`)}:${id}`);
}

/** Documents by id, as a reader gets them: of the generation that `{key}:current` names; null when it names none. */
export async function readDocuments(client: Redis, key: string): Promise<Map<string, unknown> | null> {
  const generation = await client.get(`{${key}}:current`);
  if (generation === null) return null;
  const prefix = `{${key}}:${generation}:`;
  const keys = await keysOf(client, prefix);
  const documents = new Map<string, unknown>();
  for (const each of keys) {
    const hash = (await client.type(each)) === 'hash';
    const body: unknown = hash ? await client.hgetall(each) : JSON.parse((await client.get(each)) ?? 'null');
    if (body !== null) documents.set(each.slice(prefix.length), body);
  }
  return documents;
}
