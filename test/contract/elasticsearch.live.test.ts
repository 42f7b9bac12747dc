import { randomBytes } from 'node:crypto';
import type { Row } from '../../model/change';
import { connect } from '../../stores/elasticsearch/client';
import { openElasticsearchStore } from '../../stores/elasticsearch/store';
import {
  dataAfterOffsets,
  tapped,
  withoutLookingAtItems,
  withoutWriteAlias,
  type Wire,
} from '../live/stores/elasticsearch-sabotage';
import { ask, readIndex } from '../support/index-contents';
import { testAddress } from '../support/project';
import { describeStoreContract, expectCheckToFail, type StoreAdapter } from './store-contract';
import { describeStoreProperties, expectPropertiesToFail } from './store-properties';

function elasticsearchAdapter(wire: Wire = connect): StoreAdapter {
  return {
    name: 'Elasticsearch',
    async setUp({ pipeline, store, catalogue }) {
      const url = testAddress('elasticsearch');
      const index = `contract-${randomBytes(6).toString('hex')}`;
      return {
        async open(tables, tap) {
          const definition = { type: 'elasticsearch', url: { env: 'UNUSED' }, index, tables } as const;
          return openElasticsearchStore(
            { pipeline, store, definition, url, catalogue },
            { connect: tapped(wire, tap) },
          );
        },
        async restart() {
          // Closing and opening starts the shards anew: versions of deletes are forgotten, as in a restart of the node.
          const found = (await ask(url, `/${index}-g*/_alias?expand_wildcards=all`)) as Record<string, unknown>;
          for (const name of Object.keys(found)) {
            await ask(url, `/${name}/_close`, { method: 'POST' });
            await ask(url, `/${name}/_open?wait_for_active_shards=1`, { method: 'POST' });
          }
        },
        async read(target) {
          const found = [...(await readIndex(url, index))].filter(([id]) => id.startsWith(`${target}/`));
          return Object.fromEntries(found.map(([id, body]) => [id, body as Row]));
        },
        async close() {
          const found = (await ask(url, `/${index}-g*/_alias?expand_wildcards=all`)) as Record<string, unknown>;
          for (const name of Object.keys(found)) await ask(url, `/${name}`, { method: 'DELETE' });
        },
      };
    },
  };
}

describeStoreContract(elasticsearchAdapter());
describeStoreProperties(elasticsearchAdapter(), 3);

describe('controls: with the mechanism sabotaged its check fails', () => {
  test('no write alias', async () => {
    const sabotaged = elasticsearchAdapter(withoutWriteAlias);
    await expectCheckToFail('a newer owner refuses the older one', sabotaged);
    await expectCheckToFail(
      'a late upsert does not undo a delete that the store has forgotten in a restart',
      sabotaged,
    );
    await expectPropertiesToFail(sabotaged, 20);
  });

  test('offsets before the data', async () => {
    const sabotaged = elasticsearchAdapter(dataAfterOffsets());
    await expectCheckToFail('offsets are never ahead of the data', sabotaged);
  });

  test('items are not looked at', async () => {
    const sabotaged = elasticsearchAdapter(withoutLookingAtItems);
    await expectCheckToFail('a refused record fails the batch, moves no offset and is named by its offset', sabotaged);
  });
});
