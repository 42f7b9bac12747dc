import { randomBytes } from 'node:crypto';
import type { Row } from '../../model/change';
import { connect } from '../../stores/elasticsearch/client';
import { openElasticsearchStore } from '../../stores/elasticsearch/store';
import { ask, readIndex } from '../support/index-contents';
import { describeStoreContract, runStoreCheck, type CheckName, type StoreAdapter } from './store-contract';

const url = process.env['SLIPSTREAM_TEST_ELASTICSEARCH'] ?? '';

type Connect = typeof connect;

function elasticsearchAdapter(wired: Connect = connect): StoreAdapter {
  return {
    name: 'Elasticsearch',
    async setUp({ pipeline, store, catalogue }) {
      const index = `contract-${randomBytes(6).toString('hex')}`;
      return {
        async open(tables) {
          const definition = { type: 'elasticsearch', url: { env: 'UNUSED' }, index, tables } as const;
          return openElasticsearchStore({ pipeline, store, definition, url, catalogue }, { connect: wired });
        },
        async read(target) {
          const found = await readIndex(url, index);
          const ours = [...found].filter(([id]) => id.startsWith(`${target}/`));
          return Object.fromEntries(ours.map(([id, body]) => [id, body as Row]));
        },
        close: async () => {
          const found = (await ask(url, `/${index}-g*/_alias?expand_wildcards=all`)) as Record<string, unknown>;
          for (const name of Object.keys(found)) await ask(url, `/${name}`, { method: 'DELETE' });
        },
      };
    },
  };
}

describeStoreContract(elasticsearchAdapter());
