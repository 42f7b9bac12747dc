import type { Suggestion } from '../model/inventory';
import type { StoreDefinition } from '../model/pipeline';
import type { TableSchema } from '../model/schema';
import { suggestFields } from './elasticsearch/suggest';
import { suggestColumns } from './postgres/suggest';
import { suggestDocuments } from './redis/suggest';
import { suggestTargets } from './suggestion';

/** Pure: everything whole, and renamed only what would be refused. */
export function suggestTables(type: StoreDefinition['type'], catalogue: readonly TableSchema[]): Suggestion {
  const targets = suggestTargets(catalogue.map(({ name }) => name));
  switch (type) {
    case 'postgres':
      return suggestColumns(catalogue, targets);
    case 'elasticsearch':
      return suggestFields(catalogue, targets);
    case 'redis':
      return suggestDocuments(catalogue, targets);
  }
}
