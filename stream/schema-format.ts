import { Blocked } from '../model/errors';
import type { Column, SchemaVersion } from '../model/schema';

/** Its id is its key, so compaction keeps every version for ever, and writing one again changes nothing. */
export function encodeSchemaVersion(version: SchemaVersion): { readonly key: Buffer; readonly value: Buffer } {
  return { key: Buffer.from(version.id), value: Buffer.from(JSON.stringify({ version: 1, ...version })) };
}

interface RawRecord {
  readonly offset: string;
  readonly value: Buffer | null;
}

/** Strict, since records are understood by it: a version with a part that is missing or wrong is `Blocked` undecodable. */
export function parseSchemaVersion({ offset, value }: RawRecord, topic: string): SchemaVersion {
  const parsed = value === null ? null : parse(value);
  if (!isSchemaVersion(parsed)) {
    throw new Blocked(
      'undecodable',
      `The record at offset ${offset} of ${topic} is not a table's schema of version 1. Something else writes to this ` +
        'topic, or a newer version did: run that version, or give this pipeline another log.prefix.',
    );
  }
  const { id, name, relationId, columns, key } = parsed;
  return { id, name, relationId, columns, key };
}

function parse(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString('utf8'));
  } catch {
    return null;
  }
}

function isSchemaVersion(value: unknown): value is SchemaVersion {
  if (!isObject(value)) return false;
  const { version, id, name, relationId, columns, key } = value;
  return (
    version === 1 &&
    typeof id === 'string' &&
    typeof name === 'string' &&
    Number.isInteger(relationId) &&
    Array.isArray(columns) &&
    columns.every(isColumn) &&
    Array.isArray(key) &&
    key.every((column) => typeof column === 'string')
  );
}

function isColumn(value: unknown): value is Column {
  if (!isObject(value)) return false;
  const { name, typeId, type, baseType, notNull, generated } = value;
  return (
    [name, type, baseType].every((text) => typeof text === 'string') &&
    Number.isInteger(typeId) &&
    typeof notNull === 'boolean' &&
    typeof generated === 'boolean'
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
