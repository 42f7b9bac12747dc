import type { Client } from 'pg';
import type { TableSchema } from '../../model/schema';
import { openPostgresStore, type PostgresParts } from '../../stores/postgres/store';
import type { Store } from '../../stores/store';
import { catalogue, pipeline, storeName, tables, type Tables } from './fixture';
import { createTestDatabase, schema, type TestDatabase } from './postgres-adapter';

/** What differs from the contract's own store. */
export interface Opening {
  readonly mapping?: Tables;
  readonly url?: string;
  readonly store?: string;
  readonly source?: readonly TableSchema[];
  readonly parts?: PostgresParts;
  readonly indexes?: Readonly<Record<string, string[][]>>;
}

/** One file's database and the stores its tests open there. */
export interface PostgresStores {
  readonly url: string;
  /** A connection beside the stores'. */
  readonly client: Client;
  open(opening?: Opening): Store;
}

/** Registers with Jest: a database for the file, empty before each test, and stores that are closed behind each. */
export function postgresStores(): PostgresStores {
  const opened: Store[] = [];
  let made: TestDatabase | undefined;
  const database = () => {
    if (!made) throw new Error('The database is there within tests only.');
    return made;
  };
  beforeAll(async () => {
    made = await createTestDatabase();
  });
  beforeEach(() => database().clear());
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });
  afterAll(() => made?.close());
  return {
    get url() {
      return database().url;
    },
    get client() {
      return database().client;
    },
    open({ mapping = tables, url = database().url, store = storeName, source = catalogue, parts, indexes } = {}) {
      const definition = {
        type: 'postgres',
        url: { env: 'UNUSED' },
        schema,
        tables: mapping,
        ...(indexes ? { indexes } : {}),
      } as const;
      const context = { pipeline, store, definition, url, catalogue: async () => source };
      const one = openPostgresStore(context, parts);
      opened.push(one);
      return one;
    },
  };
}
