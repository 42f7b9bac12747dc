import { finding, type Finding } from '../../model/finding';
import type { ServerFacts } from './facts';
import type { Meta } from './generations';

const oldest = { major: 7, minor: 0 };

interface Store {
  readonly pipeline: string;
  readonly store: string;
  /** The prefix of its keys. */
  readonly key: string;
}

/** What of a server keeps a store from being there, or from being safe. Pure. */
export function judgeServer(facts: ServerFacts, us: Store): Finding[] {
  return [...judgeKind(facts, us), ...judgeMemory(facts, us), ...judgeFile(facts, us), ...judgeKeys(facts, us)];
}

function judgeKind({ version, mode, role }: ServerFacts, { store }: Store): Finding[] {
  const where = `stores.${store}.url`;
  const found: Finding[] = [];
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  if (version !== null && (major < oldest.major || (major === oldest.major && minor < oldest.minor))) {
    const cure = `Upgrade the server to ${oldest.major}.${oldest.minor} or later.`;
    found.push(finding('store-version', { where, what: `it is Redis ${version}.`, cure }));
  }
  if (mode === 'cluster') {
    const cure = 'Point the URL at a server that is no part of a cluster; replicas and a proxy before it are fine.';
    found.push(finding('store-cluster', { where, what: 'it is a node of a Redis Cluster.', cure }));
  }
  if (mode === 'sentinel') {
    const cure = 'Point the URL at the server that the sentinel watches.';
    found.push(finding('store-kind', { where, what: 'it is a sentinel, which holds no data.', cure }));
  }
  if (role === 'slave') {
    const cure = 'Point the URL at its primary.';
    found.push(finding('store-read-only', { where, what: 'it is a replica of another server.', cure }));
  }
  return found;
}

/** Whatever the limit is now: it is set in the night when the memory is short. */
function judgeMemory({ evictionPolicy }: ServerFacts, { store }: Store): Finding[] {
  if (!evictionPolicy.startsWith('allkeys-')) return [];
  return [
    finding('store-evicts', {
      where: `stores.${store}.url`,
      what: `its maxmemory-policy is ${evictionPolicy}.`,
      cure: 'Run: CONFIG SET maxmemory-policy noeviction (and write it into its configuration file); volatile-… will do, too.',
    }),
  ];
}

function judgeFile({ appendOnly }: ServerFacts, { store }: Store): Finding[] {
  if (appendOnly) return [];
  return [
    finding('store-forgets', {
      where: `stores.${store}.url`,
      what: 'it keeps no append-only file.',
      cure: 'Run: CONFIG SET appendonly yes (and write it into its configuration file).',
    }),
  ];
}

function judgeKeys({ wrongTypes, generations }: ServerFacts, { pipeline, store, key }: Store): Finding[] {
  const cure = `Set stores.${store}.key to another prefix.`;
  const taken = Object.entries(wrongTypes).map(([name, type]) =>
    finding('store-taken', { where: `key ${name}`, what: `it is a ${type}, and not ours.`, cure }),
  );
  const others = new Set(generations.map(ownerOf).filter((owner) => owner !== `${pipeline}/${store}`));
  return [
    ...taken,
    ...[...others].map((owner) =>
      finding('store-taken', { where: `keys {${key}}:…`, what: `they belong to store ${owner}.`, cure }),
    ),
  ];
}

function ownerOf(description: string): string {
  try {
    const { pipeline, store } = JSON.parse(description) as Partial<Meta>;
    return `${pipeline ?? '?'}/${store ?? '?'}`;
  } catch {
    return 'of nobody we know';
  }
}

/** What a restart may take back, in words. */
export function describePersistence({ appendOnly, appendFsync }: ServerFacts): string {
  if (!appendOnly) return 'no append-only file';
  if (appendFsync === null) return 'append-only file';
  return {
    always: 'append-only file, on the disk before it answers',
    everysec: 'append-only file, on the disk within a second: a power cut may take that back, and it is written again',
    no: 'append-only file, on the disk when the system sees fit: a power cut may take that back, and it is written again',
  }[appendFsync];
}
