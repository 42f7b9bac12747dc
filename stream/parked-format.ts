import { createHash } from 'node:crypto';
import { describeKey } from '../model/describe-key';
import { Blocked, type PoisonReason } from '../model/errors';
import type { Row } from '../model/change';
import { absentHeader } from './envelope';
import type { EncodedRecord, FetchedRecord } from './log';

/** What is known of a parked record beside the record itself. Holds no value of the row. Persistent: its test says how. */
export interface ParkedFacts {
  readonly logId: string;
  readonly generation: number;
  /** Where it stands in the log. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** Of the source, as far as the topic tells. */
  readonly table: string;
  /** Names the row to operators: the same in every generation, and nobody learns a value from it. */
  readonly keyId: string;
  /** The key as messages may show it; null when it cannot be read. */
  readonly key: string | null;
  /** `waits`: nothing is wrong with it, an earlier record of its key is parked. */
  readonly reason: PoisonReason | 'waits';
  readonly message: string;
  /** Milliseconds since the Unix epoch. */
  readonly parkedAt: number;
  /** How often it was tried, the first time included; 0 for one that waits. */
  readonly attempts: number;
  readonly triedAt: number;
}

/** As a lane keeps it in memory: without the record. */
export interface ParkedEntry extends ParkedFacts {
  /** As `rowOf` tells it. */
  readonly row: string;
  /** Of key and value. */
  readonly bytes: number;
}

export interface ParkedRecord {
  readonly facts: ParkedFacts;
  readonly record: FetchedRecord;
}

export function entryOf({ facts, record }: ParkedRecord): ParkedEntry {
  return { ...facts, row: rowOf(record), bytes: (record.key?.length ?? 0) + (record.value?.length ?? 0) };
}

/** One text per place in the log and generation: a record that is parked twice stands on the topic as one. */
export function parkedId({ generation, topic, partition, offset }: ParkedPlace): string {
  return `${generation}|${topic}|${partition}|${offset}`;
}

export type ParkedPlace = Pick<ParkedFacts, 'generation' | 'topic' | 'partition' | 'offset'>;

/** The row a record is of, as cheaply as can be told: asked for every record while anything is parked. */
export function rowOf({ topic, key }: Pick<FetchedRecord, 'topic' | 'key'>): string {
  return `${topic} ${key?.toString('latin1') ?? ''}`;
}

export function keyIdOf({ topic, key }: Pick<FetchedRecord, 'topic' | 'key'>): string {
  return createHash('sha256')
    .update(topic)
    .update('\0')
    .update(key ?? '')
    .digest('hex')
    .slice(0, 12);
}

/** Null for bytes that are no key of ours. */
export function describeKeyBytes(key: Buffer | null): string | null {
  try {
    const row = JSON.parse(key?.toString('utf8') ?? '') as Row | null;
    return typeof row === 'object' && row !== null && !Array.isArray(row) ? describeKey(row) : null;
  } catch {
    return null;
  }
}

/** Value: the record's own, byte by byte, so that it is no larger than the log took; all else in headers. */
export function encodeParked(topic: string, { facts, record }: ParkedRecord): EncodedRecord {
  const { key, value, absentBytes } = record;
  return {
    topic,
    partition: 0,
    key: Buffer.from(parkedId(facts)),
    value: value ?? Buffer.alloc(0),
    headers: {
      parked: Buffer.from(JSON.stringify({ version: 1, ...facts })),
      key: key ?? Buffer.alloc(0),
      ...(absentBytes === undefined ? {} : { [absentHeader]: Buffer.from(String(absentBytes)) }),
    },
  };
}

/** Tells that a place is parked no more. */
export function encodeFreed(topic: string, place: ParkedPlace): EncodedRecord {
  return { topic, partition: 0, key: Buffer.from(parkedId(place)), value: null };
}

interface RawRecord {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
}

/** Strict: what cannot be read here would be a key that nobody knows to be parked. `facts` null: freed. */
export function parseParked(
  raw: RawRecord,
  topic: string,
): { readonly id: string; readonly parked: ParkedRecord | null } {
  const id = raw.key?.toString('utf8') ?? '';
  if (id !== '' && raw.value === null) return { id, parked: null };
  const facts = factsOf(raw.headers?.['parked']);
  if (raw.value === null || facts === null || parkedId(facts) !== id) {
    throw new Blocked(
      'undecodable',
      `The record at offset ${raw.offset} of ${topic} is no parked record of version 1. Something else writes to this ` +
        'topic, or a newer version did: stop it, or run that version; a rebuild of the store begins with none parked.',
    );
  }
  const { partition, offset } = facts;
  const key = raw.headers?.['key'];
  const absent = raw.headers?.[absentHeader];
  const record: FetchedRecord = {
    ...{ topic: facts.topic, partition, offset },
    key: Buffer.isBuffer(key) ? key : null,
    value: raw.value,
    ...(Buffer.isBuffer(absent) ? { absentBytes: Number(absent.toString()) } : {}),
  };
  return { id, parked: { facts, record } };
}

function factsOf(header: unknown): ParkedFacts | null {
  if (!Buffer.isBuffer(header)) return null;
  try {
    const { version, ...facts } = JSON.parse(header.toString('utf8')) as ParkedFacts & { version: number };
    return version === 1 && isFacts(facts) ? facts : null;
  } catch {
    return null;
  }
}

function isFacts(facts: ParkedFacts): boolean {
  const { logId, generation, topic, partition, offset, table, keyId, key, reason, message } = facts;
  return (
    [logId, topic, offset, table, keyId, reason, message].every((text) => typeof text === 'string') &&
    [generation, partition, facts.parkedAt, facts.attempts, facts.triedAt].every(Number.isInteger) &&
    (key === null || typeof key === 'string')
  );
}
