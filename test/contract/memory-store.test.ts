import { createMemoryDurable, openMemoryStore, readMemory, type MemoryParts } from '../support/memory-store';
import { judgeBatch, mayOwn } from '../../stores/ownership';
import { describeStoreContract, runStoreCheck, type StoreAdapter } from './store-contract';

function memoryAdapter(parts?: MemoryParts): StoreAdapter {
  return {
    name: 'in-memory',
    async setUp({ pipeline, store, catalogue }) {
      const durable = createMemoryDurable();
      return {
        async open(tables) {
          const definition = { type: 'postgres', url: { env: 'UNUSED' }, schema: 'shop', tables } as const;
          return openMemoryStore({ pipeline, store, definition, url: '', catalogue }, durable, parts);
        },
        read: async (target) => readMemory(durable, target),
        close: async () => undefined,
      };
    },
  };
}

describeStoreContract(memoryAdapter());

describe('controls: with the mechanism sabotaged its check fails', () => {
  test('no compare-and-set', async () => {
    const sabotaged = memoryAdapter({ judge: () => 'apply', mayOwn });
    await expect(runStoreCheck('a newer owner refuses the older one', sabotaged)).rejects.toThrow();
    await expect(
      runStoreCheck('a batch that does not begin at the record is refused and moves nothing', sabotaged),
    ).rejects.toThrow();
  });

  test('no order of owners', async () => {
    const sabotaged = memoryAdapter({ judge: judgeBatch, mayOwn: () => true });
    await expect(runStoreCheck('an owner scheduled earlier cannot take the lane back', sabotaged)).rejects.toThrow();
  });
});
