import { randomBytes } from 'node:crypto';
import type { Row } from '../../model/change';
import { parserOf } from '../../model/value-types';
import { openRedisStore, type RedisParts } from '../../stores/redis/store';
import { testAddress } from '../support/project';
import { keysOf, readDocuments, withRedis } from '../support/redis-contents';
import { admitsAnyOffset, admitsAnyone, dataAfterOffsets, tapped } from '../live/stores/redis-sabotage';
import { catalogue as contractCatalogue } from './fixture';
import { describeStoreContract, expectCheckToFail, type StoreAdapter } from './store-contract';
import { describeStoreProperties, expectPropertiesToFail } from './store-properties';

type Form = 'json' | 'hash';

function redisAdapter(as: Form, parts: Partial<RedisParts> = {}): StoreAdapter {
  return {
    name: `Redis (${as})`,
    async setUp({ pipeline, store, catalogue }) {
      const url = testAddress('redis');
      const key = `contract-${randomBytes(6).toString('hex')}`;
      return {
        async open(tables, tap) {
          const definition = { type: 'redis', url: { env: 'UNUSED' }, key, as, tables } as const;
          return openRedisStore({ pipeline, store, definition, url, catalogue }, tapped(parts, tap));
        },
        // Documents and records are on its disk, or gone together; what it keeps in memory alone are scripts.
        restart: () => withRedis(url, async (client) => void (await client.call('SCRIPT', 'FLUSH'))),
        async read(target) {
          const found = await withRedis(url, (client) => readDocuments(client, key));
          if (!found) return null;
          const ofTarget = [...found].filter(([id]) => id.startsWith(`${target}/`));
          return Object.fromEntries(ofTarget.map(([id, body]) => [id, as === 'json' ? (body as Row) : typed(body)]));
        },
        close: () =>
          withRedis(url, async (client) => {
            const keys = await keysOf(client, `{${key}}:`);
            if (keys.length > 0) await client.unlink(keys);
          }),
      };
    },
  };
}

/** A reader of hashes knows the columns' types; Redis does not. */
function typed(body: unknown): Row {
  const types = new Map(contractCatalogue.flatMap(({ columns }) => columns.map((column) => [column.name, column])));
  return Object.fromEntries(
    Object.entries(body as Record<string, string>).map(([name, text]) => {
      const column = types.get(name) ?? { baseType: 'text' };
      return [name, column.baseType === 'bool' ? text === 'true' : parserOf(column)(text)];
    }),
  );
}

describeStoreContract(redisAdapter('json'));
describeStoreContract(redisAdapter('hash'));
describeStoreProperties(redisAdapter('json'), 10);

describe('controls: with the mechanism sabotaged its check fails', () => {
  test.each([
    ['no look at the owner', 'a newer owner refuses the older one', admitsAnyone],
    [
      'no look at the offsets',
      'a batch that does not begin at the record is refused and moves nothing',
      admitsAnyOffset,
    ],
  ] as const)('%s', async (_, check, sabotaged) => {
    await expectCheckToFail(check, redisAdapter('json', { scripts: sabotaged }));
  });

  test('random runs: whoever was replaced may write', async () => {
    await expectPropertiesToFail(redisAdapter('json', { scripts: admitsAnyone }), 30);
  });

  test('offsets before the data', async () => {
    const sabotaged = redisAdapter('json', { connect: dataAfterOffsets() });
    await expectCheckToFail('offsets are never ahead of the data', sabotaged);
  });
});
