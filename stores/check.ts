import type { PartReport } from '../model/finding';
import type { StoreDefinition } from '../model/pipeline';
import type { TableSchema } from '../model/schema';
import { checkElasticsearch } from './elasticsearch/check';
import { checkPostgres } from './postgres/check';
import { checkRedis } from './redis/check';

export interface StoreCheck<Definition = StoreDefinition> {
  readonly pipeline: string;
  readonly store: string;
  readonly definition: Definition;
  /** The connection string, already resolved. Never shown. */
  readonly url: string;
  /** The captured tables as the source's catalogue has them; null when it could not be read. */
  readonly tables: Promise<readonly TableSchema[] | null>;
}

export type DefinitionOf<Type extends StoreDefinition['type']> = Extract<StoreDefinition, { readonly type: Type }>;

/**
 * Looks at everything a store needs of its server, and at what is there already under its names. Changes nothing;
 * rejects only when `signal` aborts or by a bug. A new adapter adds its case, as in `open.ts`.
 */
export function checkStore(check: StoreCheck, signal: AbortSignal): Promise<PartReport> {
  const { definition } = check;
  switch (definition.type) {
    case 'postgres':
      return checkPostgres({ ...check, definition }, signal);
    case 'elasticsearch':
      return checkElasticsearch({ ...check, definition }, signal);
    case 'redis':
      return checkRedis({ ...check, definition }, signal);
  }
}
