import type { Kafka } from 'kafkajs';
import { schemasTopic } from '../model/names';
import type { SchemaVersion } from '../model/schema';
import { readExtents } from './extents';
import { readRange } from './read-range';
import { parseSchemaVersion } from './schema-format';

/**
 * Every version of every table that records of this log may name, by id: a version is committed before, or together with,
 * the first record that names it, so who reads a record and then calls this will find it. Empty for a log that has none.
 * Throws `Unavailable`, or `Blocked` undecodable for a foreign record.
 */
export async function readSchemaVersions({
  kafka,
  prefix,
}: {
  readonly kafka: Kafka;
  readonly prefix: string;
}): Promise<ReadonlyMap<string, SchemaVersion>> {
  const topic = schemasTopic(prefix);
  const extent = (await readExtents(kafka, { [topic]: 1 })).get(topic)?.[0];
  const versions = new Map<string, SchemaVersion>();
  if (!extent || extent.high === extent.low) return versions;
  await readRange(kafka, { topic, from: extent.low, high: extent.high }, (messages) => {
    for (const message of messages) {
      const version = parseSchemaVersion(message, topic);
      versions.set(version.id, version);
    }
  });
  return versions;
}
