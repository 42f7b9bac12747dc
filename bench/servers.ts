import { withClient } from '../examples/shop/database';
import versions from '../stack/versions/versions.json';
import type { Addresses } from './addresses';

/** The versions of the servers: PostgreSQL says its own, of the others those that the stack installs. */
export async function readServers({ postgres }: Addresses): Promise<Record<string, string>> {
  const { kafka, elasticsearch, temporal } = versions;
  const asked = await withClient(postgres, async (client) => {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version ?? 'unknown';
  });
  return {
    postgres: asked,
    kafka: kafka.version,
    elasticsearch: elasticsearch.version,
    temporal: temporal.version,
  };
}
