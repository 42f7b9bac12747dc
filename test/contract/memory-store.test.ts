import { createMemoryDurable, openMemoryStore, readMemory, type MemoryParts } from '../support/memory-store';
import { judgeBatch, mayOwn } from '../../stores/ownership';
import { describeStoreContract, expectCheckToFail, type StoreAdapter } from './store-contract';
import { describeStoreProperties, expectPropertiesToFail } from './store-properties';

function memoryAdapter(parts: Omit<MemoryParts, 'tap'> = { judge: judgeBatch, mayOwn }): StoreAdapter {
  return {
    name: 'in-memory',
    async setUp({ pipeline, store, catalogue }) {
      const durable = createMemoryDurable();
      return {
        async open(tables, tap) {
          const definition = { type: 'postgres', url: { env: 'UNUSED' }, schema: 'shop', tables } as const;
          return openMemoryStore({ pipeline, store, definition, url: '', catalogue }, durable, { ...parts, tap });
        },
        read: async (target) => readMemory(durable, target),
        restart: async () => {
          durable.restarts += 1;
        },
        close: async () => undefined,
      };
    },
  };
}

describeStoreContract(memoryAdapter());
describeStoreProperties(memoryAdapter(), 60);

describe('controls: with the mechanism sabotaged its check fails', () => {
  test('no compare-and-set', async () => {
    const sabotaged = memoryAdapter({ judge: () => 'apply', mayOwn });
    await expectCheckToFail('a newer owner refuses the older one', sabotaged);
    await expectCheckToFail('a batch that does not begin at the record is refused and moves nothing', sabotaged);
  });

  test('no order of owners', async () => {
    const sabotaged = memoryAdapter({ judge: judgeBatch, mayOwn: () => true });
    await expectCheckToFail('an owner scheduled earlier cannot take the lane back', sabotaged);
  });

  test('random runs: no compare-and-set, no order of owners', async () => {
    await expectPropertiesToFail(memoryAdapter({ judge: () => 'apply', mayOwn }), 100);
    await expectPropertiesToFail(memoryAdapter({ judge: judgeBatch, mayOwn: () => true }), 100);
  });
});
