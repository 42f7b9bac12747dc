import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { documentId } from '../../model/names';
import type { Row } from '../../model/change';
import { openPostgresStore, type PostgresParts } from '../../stores/postgres/store';
import { createDatabase } from '../support/database';
import { tapped } from './postgres-connections';
import type { StoreAdapter } from './store-contract';

export const schema = 'replica';

/** A database of one test file. */
export interface TestDatabase {
  readonly url: string;
  readonly client: Client;
  /** Removes what stores made: cheaper than a database per test. */
  readonly clear: () => Promise<void>;
  close(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env['SLIPSTREAM_TEST_POSTGRES'];
  if (server === undefined) throw new Error('Set SLIPSTREAM_TEST_POSTGRES to the URL of a superuser.');
  const database = await createDatabase(server, `store_${randomBytes(6).toString('hex')}`);
  const client = new Client({ connectionString: database.url });
  await client.connect();
  return {
    url: database.url,
    client,
    async clear() {
      const { rows } = await client.query<{ name: string }>(
        `select nspname as name from pg_namespace where nspname ~ '^${schema}(_g[0-9]+)?$'`,
      );
      for (const { name } of rows) await client.query(`drop schema ${name} cascade`);
    },
    async close() {
      await client.end();
      await database.close();
      const admin = new Client({ connectionString: server });
      await admin.connect();
      await admin.query(`drop database ${database.name} with (force)`);
      await admin.end();
    },
  };
}

const keys: Readonly<Record<string, readonly string[]>> = { accounts: ['id'], lines: ['order_id', 'product'] };

/** The rows of a view by document id; null when there is no view. */
export async function readView(client: Client, target: string): Promise<Record<string, Row> | null> {
  const there = await client.query<{ there: boolean }>(`select to_regclass($1) is not null as there`, [
    `${schema}.${target}`,
  ]);
  if (there.rows[0]?.there !== true) return null;
  const { rows } = await client.query<Row>(`select * from ${schema}.${target}`);
  return Object.fromEntries(
    rows.map((row) => [
      documentId(
        target,
        (keys[target] ?? []).map((column) => row[column]),
      ),
      row,
    ]),
  );
}

/** Each check begins with nothing in the database. */
export function postgresAdapter(
  database: () => TestDatabase,
  parts?: PostgresParts,
  over: { readonly parallel?: number } = {},
): StoreAdapter {
  return {
    name: over.parallel === undefined ? 'PostgreSQL' : `PostgreSQL, parallel ${over.parallel}`,
    async setUp({ pipeline, store, catalogue }) {
      const { url, client, clear } = database();
      await clear();
      return {
        async open(tables, tap) {
          const definition = { type: 'postgres', url: { env: 'UNUSED' }, schema, tables, ...over } as const;
          return openPostgresStore({ pipeline, store, definition, url, catalogue }, tapped(tap, parts));
        },
        async restart() {
          // What a restart takes from this database: its connections, and what they had not committed.
          await client.query(
            'select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
          );
        },
        read: (target) => readView(client, target),
        close: async () => undefined,
      };
    },
  };
}
