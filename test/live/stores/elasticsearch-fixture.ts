import { randomBytes } from 'node:crypto';
import type { TableSchema } from '../../../model/schema';
import { connect } from '../../../stores/elasticsearch/client';
import { openElasticsearchStore, type ElasticsearchParts } from '../../../stores/elasticsearch/store';
import type { DefinitionOf } from '../../../stores/check';
import type { Store } from '../../../stores/store';
import { catalogue as contractCatalogue, pipeline, storeName, tables, type Tables } from '../../contract/fixture';
import { ask } from '../../support/index-contents';
import { testAddress } from '../../support/project';
import type { Wire } from './elasticsearch-sabotage';

/** What a definition may say beside its tables. */
type Overrides = Partial<Pick<DefinitionOf<'elasticsearch'>, 'settings' | 'fields' | 'dynamicTemplates' | 'refresh'>>;

/** An alias name nobody else uses, the stores opened on it, and the server seen past our adapter. */
export interface Place {
  readonly index: string;
  open(options?: {
    wire?: Wire;
    tables?: Tables;
    catalogue?: readonly TableSchema[];
    store?: string;
    overrides?: Overrides;
    watchWriters?: ElasticsearchParts['watchWriters'];
  }): Store;
  /** Raw HTTP. */
  ask(path: string, init?: { method?: string; body?: unknown }): Promise<unknown>;
  /** The status alone, whatever it is. */
  status(path: string, init?: { method?: string; body?: unknown }): Promise<number>;
}

/** Closes what was opened and deletes the place's indexes, whatever the outcome. */
export async function withPlace(run: (place: Place) => Promise<void>): Promise<void> {
  const url = testAddress('elasticsearch');
  const index = `live-${randomBytes(6).toString('hex')}`;
  const opened: Store[] = [];
  const place: Place = {
    index,
    open({
      wire = connect,
      tables: mapping = tables,
      catalogue = contractCatalogue,
      store = storeName,
      overrides = {},
      watchWriters,
    } = {}) {
      const definition = {
        type: 'elasticsearch',
        url: { env: 'UNUSED' },
        index,
        tables: mapping,
        ...overrides,
      } as const;
      const context = { pipeline, store, definition, url, catalogue: async () => catalogue };
      const one = openElasticsearchStore(context, {
        connect: wire,
        ...(watchWriters ? { watchWriters } : {}),
      });
      opened.push(one);
      return one;
    },
    ask: (path, init) => ask(url, path, init),
    async status(path, { method = 'POST', body } = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      await response.arrayBuffer();
      return response.status;
    },
  };
  try {
    await run(place);
  } finally {
    for (const store of opened) await store.close();
    const found = (await ask(url, `/${index}*/_alias?expand_wildcards=all`)) as Record<string, unknown>;
    for (const name of Object.keys(found)) await ask(url, `/${name}`, { method: 'DELETE' });
  }
}
