import { Blocked } from '../model/errors';
import type { PositionRecord } from './log';
import {
  changesKey,
  encodePositionRecord,
  parsePositionRecord,
  positionKey,
  type PositionChanges,
  type RawRecord,
} from './position-format';

/** From so many table topics on it is worth it: a whole record has some 180 bytes of each (docs/decisions/0033). */
const manyTopics = 32;
/** A whole record comes at least so often: whoever begins in the middle passes over no more. */
const mostChanges = 32;
/** Offsets that it has to look back for that, as each record is followed by the marker of its commit. */
export const lookBackOffsets = 2 * (mostChanges + 1);

/** The parts of a position record that have an entry for each table, or topic. */
const maps = ['ends', 'copies', 'schemas', 'partitions', 'partitionDigests'] as const;
type Maps = Pick<PositionRecord, (typeof maps)[number]>;

/** How one writer writes the position records of its log. */
export interface PositionEncoder {
  /** To be called once for each append. */
  encode(record: PositionRecord): { readonly key: Buffer; readonly value: Buffer };
  /** The record encoded last is on the log, at this offset; null: nobody knows where, so nothing can build upon it. */
  committed(offset: string | null): void;
}

/**
 * With hundreds of tables a position record has tens of kilobytes, of which one append changes a few bytes. Most records then
 * name what has changed since the last whole one of this writer, all of it: a reader needs these two and none between.
 */
export function createPositionEncoder(): PositionEncoder {
  let whole: { readonly maps: Maps; readonly offset: string } | null = null;
  let built = 0;
  /** What the record sent last has, if it is a whole one: as it was when it was written. */
  let sent: Maps | null = null;
  return {
    encode(record) {
      const changes = whole !== null && built < mostChanges ? changesSince(whole, record) : null;
      sent = changes === null ? copyOf(record) : null;
      if (changes === null) return { key: positionKey, value: encodePositionRecord(record) };
      built += 1;
      return { key: changesKey, value: encodePositionRecord(changes) };
    },
    committed(offset) {
      if (sent === null) return;
      whole = offset === null || Object.keys(sent.ends).length < manyTopics ? null : { maps: sent, offset };
      built = 0;
    },
  };
}

/** Capture alters some of the maps in place. Their entries are replaced, never altered. */
function copyOf(record: PositionRecord): Maps {
  const { ends, copies } = record;
  return { ...Object.fromEntries(maps.map((name) => [name, { ...record[name] }])), ends, copies };
}

/** null: a whole record is the better one, or the only one that can say it. */
function changesSince(whole: { maps: Maps; offset: string }, record: PositionRecord): PositionChanges | null {
  const changed: Partial<Record<(typeof maps)[number], Record<string, unknown>>> = {};
  for (const name of maps) {
    const before = whole.maps[name] ?? {};
    const now: Readonly<Record<string, unknown>> = record[name] ?? {};
    const entries = Object.entries(now).filter(([key, value]) => !isSame((before as typeof now)[key], value));
    // What is gone cannot be named, and of what nearly all has changed nothing is saved.
    if (Object.keys(before).some((key) => !Object.hasOwn(now, key))) return null;
    if (entries.length * 4 > Object.keys(record.ends).length) return null;
    if (entries.length > 0) changed[name] = Object.fromEntries(entries);
  }
  return { ...own(record), ends: {}, copies: {}, ...(changed as Partial<Maps>), version: 2, since: whole.offset };
}

/** What a record says, or does not say, for itself. */
function own(record: PositionRecord | PositionChanges): Omit<PositionRecord, 'version' | keyof Maps> {
  const shared: readonly string[] = [...maps, 'since'];
  const found = Object.entries(record).filter(([name]) => !shared.includes(name));
  return Object.fromEntries(found) as unknown as Omit<PositionRecord, keyof Maps>;
}

/** Texts, or plain objects of them: offsets of partitions, for example. What has the same text is the same. */
function isSame(before: unknown, now: unknown): boolean {
  return before === now || (before !== undefined && JSON.stringify(before) === JSON.stringify(now));
}

/** Reads the position records of one log, in their order. */
export interface PositionDecoder {
  /**
   * What the record says, or what it changes of a whole one that this decoder has not read. Throws `Blocked` undecodable.
   */
  read(message: RawRecord): PositionRecord | PositionChanges;
}

export function createPositionDecoder(topic: string): PositionDecoder {
  let whole: { readonly record: PositionRecord; readonly offset: string } | null = null;
  return {
    read(message) {
      const found = parsePositionRecord(message, topic);
      if (found.version === 1) {
        whole = { record: found, offset: message.offset };
        return found;
      }
      return whole?.offset === found.since ? withChanges(whole.record, found) : found;
    },
  };
}

function withChanges(whole: PositionRecord, changes: PositionChanges): PositionRecord {
  const merged = Object.fromEntries(
    maps.flatMap((name) => {
      if (!whole[name] && !changes[name]) return [];
      // Most often nothing: then one object serves all of them.
      const same = Object.keys(changes[name] ?? {}).length === 0;
      return [[name, same ? whole[name] : { ...whole[name], ...changes[name] }]];
    }),
  ) as unknown as Maps;
  return { ...own(changes), ...merged, version: 1 };
}

export function baseGone(
  topic: string,
  { offset, since }: { readonly offset: string; readonly since: string },
): Blocked {
  return new Blocked(
    'log-truncated',
    `The record at offset ${offset} of ${topic} builds upon the one at offset ${since}, which is gone. Compaction keeps it, so ` +
      'records were deleted by hand. Give the pipeline another log.prefix, so that its tables are copied anew.',
  );
}
