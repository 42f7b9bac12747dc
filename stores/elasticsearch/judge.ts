import { finding, type Finding } from '../../model/finding';
import type { ClusterFacts, IndexFacts } from './facts';
import { generationNumber, idField, recordField } from './names';
import { products } from './product';

interface Store {
  readonly pipeline: string;
  readonly store: string;
  readonly index: string;
}

/** What of a cluster keeps a store from being built there, or from being safe. Pure. */
export function judgeCluster(facts: ClusterFacts, us: Store): Finding[] {
  return [
    ...judgeServer(facts, us),
    ...judgeHealth(facts, us),
    ...facts.indexes.flatMap((each) => judgeIndex(each, us)),
  ];
}

function judgeServer(facts: ClusterFacts, { store, index }: Store): Finding[] {
  const { product, version, missingPrivileges, readOnly } = facts;
  const where = `stores.${store}.url`;
  const { title, majors } = products[product];
  const found: Finding[] = [];
  if (version !== null && !majors.some((major) => version.split('.')[0] === major)) {
    const cure = `Use ${title} ${majors.join(' or ')}.`;
    found.push(finding('store-version', { where, what: `it is ${title} ${version}.`, cure }));
  }
  if (missingPrivileges.length > 0) {
    const cure = `Give its role on ["${index}", "${index}-*"]: ${JSON.stringify(missingPrivileges)}`;
    const what = `the user lacks ${missingPrivileges.join(', ')}.`;
    found.push(finding('store-privilege', { where, what, cure }));
  }
  if (readOnly) {
    const cure = `Run: PUT _cluster/settings {"persistent": {"cluster.blocks.*": null}}`;
    found.push(finding('store-read-only', { where, what: 'the cluster is set to read only.', cure }));
  }
  return found;
}

/** One node alone cannot hold copies: yellow is then what it is, and says nothing. */
function judgeHealth({ health, dataNodes }: ClusterFacts, { store }: Store): Finding[] {
  const where = `the cluster of stores.${store}`;
  const cure = 'See why: GET _cluster/allocation/explain';
  if (health === 'red') {
    return [finding('store-health-red', { where, what: 'its health is red: primary shards are missing.', cure })];
  }
  if (health !== 'yellow' || dataNodes < 2) return [];
  return [finding('store-health-yellow', { where, what: 'its health is yellow: copies of shards are missing.', cure })];
}

function judgeIndex({ name, aliases, meta, blocks }: IndexFacts, us: Store): Finding[] {
  const another = `Set stores.${us.store}.index to another name.`;
  const taken = (what: string, cure: string) => [finding('store-taken', { where: `index ${name}`, what, cure })];
  if (name === us.index) {
    return taken(`it has the name that readers' alias must have.`, `${another} Or run: DELETE /${name}`);
  }
  if (generationNumber(us.index, name) === null) {
    if (!aliases.includes(us.index)) return [];
    const remove = `POST /_aliases {"actions": [{"remove": {"index": "${name}", "alias": "${us.index}"}}]}`;
    return taken(`the alias ${us.index} points to it, and it is not ours.`, `${another} Or run: ${remove}`);
  }
  if (meta?.pipeline !== us.pipeline || meta.store !== us.store) {
    const whose = meta ? `${meta.pipeline}/${meta.store}` : 'nobody we know of: its mapping has no record of ours';
    return taken(`generations of this store are named like it, and it belongs to ${whose}.`, another);
  }
  if (blocks.length === 0) return [];
  return [
    finding('store-read-only', {
      where: `index ${name}`,
      what: `it is blocked: ${blocks.join(', ')}. A full disk does that.`,
      cure: `Make room, then run: PUT /${name}/_settings {"index.blocks.${blocks[0] ?? ''}": null}`,
    }),
  ];
}

/** A generation's fields against those its definition gives now: `expected` is field → type. Pure. */
export function judgeFields(
  { name, fields }: IndexFacts,
  { store, expected }: { readonly store: string; readonly expected: Readonly<Record<string, string>> },
): Finding[] {
  const names = new Set([...Object.keys(expected), ...Object.keys(fields)]);
  const differing = [...names].filter(
    (field) => field !== idField && field !== recordField && fields[field] !== expected[field],
  );
  if (differing.length === 0) return [];
  const told = differing.map((field) => `${field} is ${fields[field] ?? 'absent'}, not ${expected[field] ?? 'wanted'}`);
  return [
    finding('store-fields-differ', {
      where: `index ${name}`,
      what: `its mapping is not what its definition gives: ${told.join('; ')}.`,
      cure: `Run: slipstream rebuild <pipeline> --store ${store} --reason "its mapping was changed"`,
    }),
  ];
}
