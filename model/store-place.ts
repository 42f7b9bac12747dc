import type { StoreDefinition } from './pipeline-file';

/** Where on its server a store is: the property of the pipeline file that says it, and what it says. */
export function storePlace(
  store: string,
  definition: StoreDefinition,
): { readonly key: string; readonly name: string } {
  switch (definition.type) {
    case 'postgres':
      return { key: 'schema', name: definition.schema };
    case 'elasticsearch':
      return { key: 'index', name: definition.index };
    case 'redis':
      // Left out, it is made of the pipeline's name and the store's.
      return { key: 'key', name: definition.key ?? `<pipeline>:${store}` };
  }
}
