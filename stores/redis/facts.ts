import type { Connection, Reply } from './client';
import type { Names } from './names';

/** What a server says of itself, as far as a store rests on it. */
export interface ServerFacts {
  /** Such as `7.0.15`; null when this user may not know it. What calls itself compatible says which version it is like. */
  readonly version: string | null;
  readonly mode: 'standalone' | 'cluster' | 'sentinel';
  readonly role: 'master' | 'slave';
  /** Bytes; 0: without a limit. */
  readonly maxMemory: number;
  /** Such as `noeviction`, `allkeys-lru`, `volatile-ttl`. */
  readonly evictionPolicy: string;
  readonly appendOnly: boolean;
  /** null: this user, or this provider, does not let it be read. */
  readonly appendFsync: 'always' | 'everysec' | 'no' | null;
  /** Key of ours → its type, where that is not what we make of it. */
  readonly wrongTypes: Readonly<Record<string, string>>;
  /** Descriptions of the generations under the store's key. */
  readonly generations: readonly string[];
}

/** By INFO and TYPE, which providers that hide CONFIG still have. Changes nothing. */
export async function readServer(
  { ask, run }: Connection,
  { names, signal }: { names: Names; signal: AbortSignal },
): Promise<ServerFacts> {
  const info = parseInfo(await ask(['INFO'], signal));
  const version = info.get('redis_version') ?? null;
  const fsync = await ask(['CONFIG', 'GET', 'appendfsync'], signal).catch(() => null);
  signal.throwIfAborted();
  const mode = info.get('redis_mode') ?? 'standalone';
  const described = {
    version,
    mode: mode === 'cluster' || mode === 'sentinel' ? mode : 'standalone',
    role: info.get('role') === 'slave' ? 'slave' : 'master',
    maxMemory: Number(info.get('maxmemory') ?? 0),
    evictionPolicy: info.get('maxmemory_policy') ?? 'noeviction',
    appendOnly: info.get('aof_enabled') === '1',
    appendFsync: fsyncOf(fsync),
  } as const;
  // A sentinel has no keys, and a cluster's are elsewhere.
  if (mode !== 'standalone') return { ...described, wrongTypes: {}, generations: [] };
  // Whoever may not run scripts learns it here.
  await run({ name: 'probe', text: 'return 1' }, { keys: [], args: [] }, signal);
  const wrongTypes = await readWrongTypes(ask, names, signal);
  const generations =
    names.generations in wrongTypes ? [] : ((await ask(['HVALS', names.generations], signal)) as readonly string[]);
  return { ...described, wrongTypes, generations };
}

async function readWrongTypes(
  ask: Connection['ask'],
  names: Names,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const wanted = { [names.current]: 'string', [names.generations]: 'hash', [names.dropping]: 'hash' };
  const wrong: Record<string, string> = {};
  for (const [key, type] of Object.entries(wanted)) {
    const found = String(await ask(['TYPE', key], signal));
    if (found !== 'none' && found !== type) wrong[key] = found;
  }
  return wrong;
}

function parseInfo(reply: Reply): ReadonlyMap<string, string> {
  const found = String(reply).matchAll(/^(\w+):(.*?)\r?$/gm);
  return new Map([...found].map(([, name = '', value = '']) => [name, value]));
}

function fsyncOf(reply: Reply): ServerFacts['appendFsync'] {
  const value = Array.isArray(reply) ? (reply as readonly Reply[])[1] : null;
  return value === 'always' || value === 'everysec' || value === 'no' ? value : null;
}
