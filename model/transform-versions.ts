import type { DocumentMapping, TableMapping } from './mapping-file';
import type { StoreDefinition } from './pipeline-file';

export function usesTransforms({ tables }: StoreDefinition): boolean {
  return Object.values(tables).some(({ transform, documents = [] }) =>
    [transform, ...documents.map((each) => each.transform)].some((each) => each !== undefined),
  );
}

/** A definition as people write it: which version of a transform is in force is then asked for anew. */
export function withoutVersions(definition: StoreDefinition): StoreDefinition {
  const tables = Object.entries(definition.tables).map(([table, mapping]): [string, TableMapping] => {
    const { documents } = mapping;
    return [table, documents ? { ...mapping, documents: documents.map(unversioned) } : unversioned(mapping)];
  });
  return { ...definition, tables: Object.fromEntries(tables) };
}

function unversioned<Mapping extends DocumentMapping>(mapping: Mapping): Mapping {
  const { transform } = mapping;
  return transform ? { ...mapping, transform: { name: transform.name, returns: transform.returns } } : mapping;
}
