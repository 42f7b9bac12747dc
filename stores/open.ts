import { openElasticsearchStore } from './elasticsearch/store';
import { openPostgresStore } from './postgres/store';
import { openRedisStore } from './redis/store';
import type { Store, StoreContext } from './store';

/** The one place that knows all adapters: a new one is its folder, its contract test and a case here. */
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
