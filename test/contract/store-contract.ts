/**
 * One contract, every store. An adapter says how it is opened and how its readers look; each check is a sentence about
 * behaviour and gets a fresh, empty store.
 *
 *     describeStoreContract({
 *       name: 'mystore',
 *       async setUp({ pipeline, store, catalogue }) {      // once per check: a database, prefix or index of its own
 *         return {
 *           open: async (tables, tap) => openMyStore({ pipeline, store, definition: { …, tables }, url, catalogue }),
 *           restart: async () => …,                        // forgets what the server holds in memory only
 *           read: async (target) => …,                     // through the public view or alias; refreshed first
 *           close: async () => …,                          // what setUp made; stores opened are closed by the suite
 *         };
 *       },
 *     });
 *
 * `tap` stands around every request that carries data or offsets (tap.ts). `scan` must see what `apply` resolved as durable (a search engine refreshes in `scan`). A control gives an adapter
 * with a mechanism sabotaged and expects the check that guards it to fail:
 *
 *     await expectCheckToFail('a newer owner refuses the older one', sabotaged);
 */
import type { DocumentBody } from '../../model/mutation';
import type { TableSchema } from '../../model/schema';
import type { Store } from '../../stores/store';
import type { CheckSubject } from './check';
import { backupChecks } from './checks/backups';
import { crashChecks } from './checks/crashes';
import { dataChecks } from './checks/data';
import { generationChecks } from './checks/generations';
import { ownershipChecks } from './checks/ownership';
import { readerChecks } from './checks/readers';
import { refusalChecks } from './checks/refusals';
import { catalogue, ContractBroken, pipeline, storeName, tables, type Tables } from './fixture';
import { openTap, type Tap } from './tap';

export interface StoreContent {
  readonly pipeline: string;
  readonly store: string;
  readonly catalogue: () => Promise<readonly TableSchema[]>;
}

/** The durable content of one check, and the ways in. */
export interface StoreHarness {
  /** A store object as a process of its own would open it, for generations under this mapping. */
  open(tables: Tables, tap: Tap): Promise<Store>;
  /** What a restart of the server does to this content: what is in memory is gone, connections among it. */
  restart(): Promise<void>;
  /** What a reader sees of one target now, by document id or key text; null: there is nothing for readers yet. */
  read(target: string): Promise<Readonly<Record<string, DocumentBody>> | null>;
  close(): Promise<void>;
}

export interface StoreAdapter {
  readonly name: string;
  setUp(content: StoreContent): Promise<StoreHarness>;
}

const checks = {
  ...backupChecks,
  ...crashChecks,
  ...ownershipChecks,
  ...dataChecks,
  ...generationChecks,
  ...readerChecks,
  ...refusalChecks,
};

export type CheckName = keyof typeof checks;

export const checkNames = Object.keys(checks) as readonly CheckName[];

/** Runs one check against a fresh store; rejects when the store breaks it. */
export function runStoreCheck(name: CheckName, adapter: StoreAdapter): Promise<void> {
  return withSubject(adapter, (subject) => checks[name](subject));
}

/** A fresh, empty store, and the end of all that was opened on it. */
export async function withSubject(adapter: StoreAdapter, use: (subject: CheckSubject) => Promise<void>): Promise<void> {
  const harness = await adapter.setUp({ pipeline, store: storeName, catalogue: async () => catalogue });
  const opened: Store[] = [];
  try {
    await use({
      async open(mapping = tables, tap = openTap) {
        const store = await harness.open(mapping, tap);
        opened.push(store);
        return store;
      },
      read: (target) => harness.read(target),
      restart: () => harness.restart(),
    });
  } finally {
    for (const store of opened) await store.close();
    await harness.close();
  }
}

/** For controls: the check must fail by what it asserts. A server that is not there proves nothing. */
export async function expectCheckToFail(name: CheckName, adapter: StoreAdapter): Promise<void> {
  try {
    await runStoreCheck(name, adapter);
  } catch (error) {
    if (isAssertion(error)) return;
    throw error;
  }
  throw new Error(`'${name}' passes with its mechanism sabotaged: it proves nothing.`);
}

/** By what it asserts, and not by a server that is not there. */
export function isAssertion(error: unknown): boolean {
  return error instanceof ContractBroken || (error instanceof Error && 'matcherResult' in error);
}

export function describeStoreContract(adapter: StoreAdapter): void {
  describe(`the ${adapter.name} store`, () => {
    test.each(checkNames)('%s', async (name) => {
      await runStoreCheck(name, adapter);
    });
  });
}
