import { finding, type Finding } from '../../model/finding';
import type { Owner, StoreFacts } from './facts';
import { quote } from './names';

const oldestVersion = 140_000;

/** What of a PostgreSQL server keeps a store from being built there. Pure. */
export function judgeStore(
  facts: StoreFacts,
  input: { readonly pipeline: string; readonly store: string; readonly schema: string },
): Finding[] {
  return [...judgeServer(facts, input), ...judgeRights(facts, input), ...judgeNames(facts, input)];
}

interface Store extends Owner {
  readonly schema: string;
}

function judgeServer({ version, versionNumber, readOnly }: StoreFacts, { store }: Store): Finding[] {
  const where = `stores.${store}.url`;
  const found: Finding[] = [];
  if (versionNumber < oldestVersion) {
    const cure = 'Upgrade the server to 14 or later.';
    found.push(finding('store-version', { where, what: `it is PostgreSQL ${version}.`, cure }));
  }
  if (readOnly) {
    const cure = 'Point the URL at a server that takes writes.';
    found.push(finding('store-read-only', { where, what: 'it is a standby, or set to read only.', cure }));
  }
  return found;
}

function judgeRights({ mayCreate, role, database, schema: found }: StoreFacts, { schema }: Store): Finding[] {
  const findings: Finding[] = [];
  if (!mayCreate) {
    const cure = `Run: grant create on database ${quote(database)} to ${quote(role)};`;
    const what = `${role} may not create schemas in it.`;
    findings.push(finding('store-privilege', { where: `database ${database}`, what, cure }));
  }
  if (found && !found.mayCreate) {
    const cure = `Run: grant usage, create on schema ${quote(schema)} to ${quote(role)};`;
    const what = `${role} may not create views in it.`;
    findings.push(finding('store-privilege', { where: `schema ${schema}`, what, cure }));
  }
  return findings;
}

function judgeNames({ schema: found, foreignNames, generations }: StoreFacts, us: Store): Finding[] {
  const another = `Set stores.${us.store}.schema to another name.`;
  const taken = (where: string, what: string, cure = another) => finding('store-taken', { where, what, cure });
  const owner = found?.owner ?? null;
  const findings: Finding[] = [];
  if (owner !== null && !isOurs(owner, us)) {
    findings.push(taken(`schema ${us.schema}`, `it belongs to store ${owner.store} of pipeline ${owner.pipeline}.`));
  }
  if (found?.isGeneration) {
    findings.push(taken(`schema ${us.schema}`, 'it is a generation of another store.'));
  }
  for (const name of foreignNames) {
    const cure = `${another} Or rename what is there, or set "into" of the table.`;
    findings.push(taken(`${us.schema}.${name}`, 'it is there already, and is not ours.', cure));
  }
  for (const generation of generations) {
    if (generation.owner !== null && isOurs(generation.owner, us)) continue;
    const whose =
      generation.owner === null ? 'nobody we know of' : `${generation.owner.pipeline}/${generation.owner.store}`;
    const what = `generations of this store are named like it, and it belongs to ${whose}.`;
    findings.push(taken(`schema ${generation.schema}`, what));
  }
  return findings;
}

function isOurs(owner: Owner, { pipeline, store }: Owner): boolean {
  return owner.pipeline === pipeline && owner.store === store;
}
