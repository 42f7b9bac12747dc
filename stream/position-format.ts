import { Blocked } from '../model/errors';
import type { Offsets } from '../model/offsets';
import type { CopyCursor, PositionRecord } from './log';

/** One key for all whole records of the positions topic: compaction keeps the last one for ever. */
export const positionKey = Buffer.from('position');
/** Another one for those that say what has changed since: of them too the last is kept, and what it builds upon. */
export const changesKey = Buffer.from('changes');

/** A position record that leaves out what is as in the whole one at offset `since`: of its maps it has the entries that differ. */
export interface PositionChanges extends Omit<PositionRecord, 'version'> {
  readonly version: 2;
  readonly since: string;
}

export function encodePositionRecord(record: PositionRecord | PositionChanges): Buffer {
  return Buffer.from(JSON.stringify(record));
}

export interface RawRecord {
  readonly offset: string;
  readonly value: Buffer | null;
}

/** Strict, since everything is steered by it: a record with a part that is missing or wrong is `Blocked` undecodable. */
export function parsePositionRecord({ offset, value }: RawRecord, topic: string): PositionRecord | PositionChanges {
  const record = value === null ? null : parse(value);
  if (!isPositionRecord(record)) {
    throw new Blocked(
      'undecodable',
      `The record at offset ${offset} of ${topic} is not a position record of version 1 or 2. Something else writes to this ` +
        'topic, or a newer version did: run that version, or give this pipeline another log.prefix.',
    );
  }
  return record;
}

function parse(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString('utf8'));
  } catch {
    return null;
  }
}

function isPositionRecord(value: unknown): value is PositionRecord | PositionChanges {
  if (!isObject(value)) return false;
  const { version, since, logId, systemId, timeline, position, closed, ends, copies, committedAt } = value;
  return (
    (version === 1 || (version === 2 && isDigits(since))) &&
    typeof logId === 'string' &&
    logId !== '' &&
    typeof systemId === 'string' &&
    Number.isInteger(timeline) &&
    isObject(position) &&
    isDigits(position['lsn']) &&
    isCount(position['index']) &&
    typeof closed === 'boolean' &&
    isOffsets(ends) &&
    isObject(copies) &&
    Object.values(copies).every(isCursor) &&
    typeof committedAt === 'number'
  );
}

function isOffsets(value: unknown): value is Offsets {
  if (!isObject(value)) return false;
  for (const partitions of Object.values(value)) {
    if (!isObject(partitions)) return false;
    for (const offset of Object.values(partitions)) if (!isDigits(offset)) return false;
  }
  return true;
}

function isCursor(value: unknown): value is CopyCursor {
  return (
    isObject(value) &&
    typeof value['done'] === 'boolean' &&
    isCount(value['rows']) &&
    (value['after'] === null || isObject(value['after']))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDigits(value: unknown): value is string {
  return typeof value === 'string' && /^\d+$/.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
