import { openElasticsearchStore } from './elasticsearch/store';
import { openPostgresStore } from './postgres/store';
import { openRedisStore } from './redis/store';
import type { Store, StoreContext } from './store';

/** A new adapter runs with its folder, its contract test and a case here; docs/adding-a-store.md has what else asks for it. */
export function openStore(context: StoreContext): Store {
  switch (context.definition.type) {
    case 'postgres':
      return openPostgresStore(context);
    case 'elasticsearch':
      return openElasticsearchStore(context);
    case 'redis':
      return openRedisStore(context);
  }
}
