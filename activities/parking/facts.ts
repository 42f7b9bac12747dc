import type { PoisonRecord } from '../../model/errors';
import { tableTopic } from '../../model/names';
import type { FollowSliceInput } from '../activities';
import { describeKeyBytes, keyIdOf, type ParkedEntry, type ParkedRecord } from '../../stream/parked-format';
import type { FetchedRecord } from '../../stream/log';
import type { SetAside } from './sift';

/** What is written down of records that one lane sets aside. */
export function parkedRecords(
  { pipeline, generation }: Pick<FollowSliceInput, 'pipeline' | 'generation'>,
  aside: readonly SetAside[],
  now: number,
): ParkedRecord[] {
  const { prefix } = pipeline.log;
  const tables = new Map(Object.keys(generation.definition.tables).map((table) => [tableTopic(prefix, table), table]));
  return aside.map(({ record, error }) => ({
    record,
    facts: {
      ...{ logId: generation.logId, generation: generation.number },
      ...placeOf(record),
      table: tables.get(record.topic) ?? record.topic,
      keyId: keyIdOf(record),
      key: describeKeyBytes(record.key),
      reason: error?.reason ?? 'waits',
      message: error?.message ?? 'Nothing is wrong with it: another record of its row is parked.',
      parkedAt: now,
      attempts: error ? 1 : 0,
      triedAt: now,
    },
  }));
}

function placeOf({ topic, partition, offset }: FetchedRecord) {
  return { topic, partition, offset };
}

/** The same record after it failed again. */
export function triedAgain(
  { facts, record }: ParkedRecord,
  { reason, message }: PoisonRecord,
  now: number,
): ParkedRecord {
  return { record, facts: { ...facts, reason, message, attempts: facts.attempts + 1, triedAt: now } };
}

/** What is wrong with a row: the first of its records that is more than in the queue. */
export function headOf(entries: readonly ParkedEntry[]): ParkedEntry | undefined {
  return entries.find(({ reason }) => reason !== 'waits') ?? entries[0];
}
