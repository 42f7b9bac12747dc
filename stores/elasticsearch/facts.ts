import { isSuccess, succeeded } from './answers';
import type { Answer, Ask } from './client';
import type { Meta } from './generations';
import { productOf, type Product } from './product';

/** One index that is, or stands, under the store's names. */
export interface IndexFacts {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly meta: Meta | null;
  /** Field → its type. */
  readonly fields: Readonly<Record<string, string>>;
  /** Blocks that keep writes out, such as `read_only_allow_delete`. */
  readonly blocks: readonly string[];
}

export interface ClusterFacts {
  readonly product: Product;
  /** Such as `8.19.4`; null when this user may not know it. */
  readonly version: string | null;
  readonly health: 'green' | 'yellow' | 'red' | null;
  readonly dataNodes: number;
  readonly readOnly: boolean;
  /** Privileges that are asked for and not held; empty also where security is off. */
  readonly missingPrivileges: readonly string[];
  readonly indexes: readonly IndexFacts[];
}

/** The answer to "who are you": it says whether we are let in. */
export function askWho(ask: Ask, signal: AbortSignal): Promise<Answer> {
  return ask({ method: 'GET', path: [''] }, signal);
}

export async function readCluster(ask: Ask, who: Answer, index: string, signal: AbortSignal): Promise<ClusterFacts> {
  const health = bodyOf<{ status?: ClusterFacts['health']; number_of_data_nodes?: number }>(
    await ask({ method: 'GET', path: ['_cluster', 'health'] }, signal),
  );
  return {
    product: productOf(who.body),
    version: await readVersion(ask, who, signal),
    health: health?.status ?? null,
    dataNodes: health?.number_of_data_nodes ?? 1,
    readOnly: await readReadOnly(ask, signal),
    missingPrivileges: await readMissingPrivileges(ask, index, signal),
    indexes: await readIndexes(ask, index, signal),
  };
}

/** Builds without the module that answers `GET /` tell their version as a node does. */
async function readVersion(ask: Ask, who: Answer, signal: AbortSignal): Promise<string | null> {
  const said = bodyOf<{ version?: { number?: string } }>(who)?.version?.number;
  if (said !== undefined) return said;
  const query = { filter_path: 'nodes.*.version' };
  const local = await ask({ method: 'GET', path: ['_nodes', '_local'], query }, signal);
  const nodes = bodyOf<{ nodes?: Record<string, { version?: string }> }>(local)?.nodes ?? {};
  return Object.values(nodes)[0]?.version ?? null;
}

async function readReadOnly(ask: Ask, signal: AbortSignal): Promise<boolean> {
  const query = { flat_settings: true, filter_path: '*.cluster.blocks*' };
  const answer = await ask({ method: 'GET', path: ['_cluster', 'settings'], query }, signal);
  const scopes = bodyOf<Record<string, Record<string, string>>>(answer) ?? {};
  return Object.values(scopes).some((settings) => Object.values(settings).includes('true'));
}

/** What a generation is created, written, promoted and dropped with. */
const wantedPrivileges = ['create_index', 'manage', 'read', 'write'];

async function readMissingPrivileges(ask: Ask, index: string, signal: AbortSignal): Promise<string[]> {
  const body = { index: [{ names: [index, `${index}-*`], privileges: wantedPrivileges }] };
  const answer = await ask({ method: 'POST', path: ['_security', 'user', '_has_privileges'], body }, signal);
  // Where security is off there is no such path, and nothing to be missing.
  const held = bodyOf<{ index?: Record<string, Record<string, boolean>> }>(answer)?.index ?? {};
  const missing = Object.values(held).flatMap((each) =>
    Object.entries(each).flatMap(([privilege, granted]) => (granted ? [] : [privilege])),
  );
  return [...new Set(missing)];
}

interface IndexBody {
  readonly aliases?: Record<string, unknown>;
  readonly mappings?: { readonly _meta?: Meta; readonly properties?: Record<string, { readonly type?: string }> };
  readonly settings?: { readonly index?: { readonly blocks?: Record<string, string> } };
}

/** What the name itself leads to, and every index named like a generation. */
async function readIndexes(ask: Ask, index: string, signal: AbortSignal): Promise<IndexFacts[]> {
  const query = { expand_wildcards: 'all', ignore_unavailable: true, allow_no_indices: true };
  const answer = await ask({ method: 'GET', path: [`${index},${index}-g*`], query }, signal);
  if (answer.status === 404) return [];
  return Object.entries(succeeded<Record<string, IndexBody>>(answer, `reading ${index}`)).map(([name, body]) => ({
    name,
    aliases: Object.keys(body.aliases ?? {}),
    meta: body.mappings?._meta ?? null,
    fields: Object.fromEntries(
      Object.entries(body.mappings?.properties ?? {}).map(([field, { type = 'object' }]) => [field, type]),
    ),
    blocks: Object.entries(body.settings?.index?.blocks ?? {}).flatMap(([block, on]) => (on === 'true' ? [block] : [])),
  }));
}

function bodyOf<Body>(answer: Answer): Body | null {
  return isSuccess(answer) && typeof answer.body === 'object' ? (answer.body as Body | null) : null;
}
