import type { Suggestion } from '../../model/inventory';
import type { TableSchema } from '../../model/schema';
import { mappingOf } from '../suggestion';

/** Every table as it is: keys and fields may have any name. */
export function suggestDocuments(catalogue: readonly TableSchema[], targets: ReadonlyMap<string, string>): Suggestion {
  const tables = catalogue.map(({ name }) => [name, mappingOf(name, targets.get(name))] as const);
  return { tables: Object.fromEntries(tables), remarks: [] };
}
