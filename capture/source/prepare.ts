import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { Blocked } from '../../model/errors';
import { readsBack } from '../../model/pipeline';
import type { TableSchema } from '../../model/schema';
import type { PositionRecord } from '../../stream/log';
import { readCatalogue, surveyTables } from './catalogue';
import { connect, disconnect, translateSourceError } from './connection';
import type { SlotRow, SourceSystem } from './identity';
import { defaultCaptureParts, type CaptureOptions, type CaptureParts } from '../parts';
import { ensurePublication } from './publication';
import { ensureReplicaIdentity } from './replica-identity';
import { fingerprints, schemaVersion } from '../relations';
import { openReplication } from '../replication';
import { readFlushLsn } from '../progress';
import { noteSlot, otherOwner, readSlotNotes, refuseOthersSlot } from './slot-owner';
import { checkSlotName, checkWalLevel, createSlot, readSlot, refuseUnfinished } from './slot';

/**
 * Replica identity, publication, topics, slot, first position record: what capture needs before it can run. Repeatable;
 * takes no fence from a capture that runs. Returns the log's id. Throws `InvalidConfig`, `Blocked` or `Unavailable`.
 */
export async function prepareCapture(
  options: CaptureOptions,
  parts: CaptureParts = defaultCaptureParts,
): Promise<{ logId: string }> {
  checkSlotName(options.pipeline.source.slot);
  // A short replication connection: it shows that this user may replicate, and says which server this is.
  const system = await identify(options.sourceUrl);
  return atSource(options.sourceUrl, (client) => prepare(options, { client, system, parts }));
}

/** The captured tables as the source's catalogue has them. Throws `InvalidConfig` for tables that cannot be captured. */
export async function readTables(
  sourceUrl: string,
  tables: readonly string[],
  readBack = false,
): Promise<TableSchema[]> {
  return atSource(sourceUrl, (client) => readCatalogue(client, tables, readBack));
}

/** The same; those that cannot be captured, or are not there, are left out. */
export async function surveySource(
  sourceUrl: string,
  tables: readonly string[],
  readBack = false,
): Promise<TableSchema[]> {
  return atSource(sourceUrl, async (client) => (await surveyTables(client, tables, readBack)).read);
}

/** One connection for one piece of work; its errors in our words. */
async function atSource<Result>(sourceUrl: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = await connect(sourceUrl);
  try {
    return await work(client);
  } catch (error) {
    throw translateSourceError(error);
  } finally {
    await disconnect(client);
  }
}

async function identify(sourceUrl: string): Promise<SourceSystem> {
  const replication = await openReplication(sourceUrl);
  await replication.close();
  return replication.system;
}

async function prepare(
  options: CaptureOptions,
  { client, system, parts }: { client: Client; system: SourceSystem; parts: CaptureParts },
): Promise<{ logId: string }> {
  const { source } = options.pipeline;
  await checkWalLevel(client);
  const readBack = readsBack(options.pipeline);
  const tables = await readCatalogue(client, source.tables, readBack);
  // Before anything is made or changed: the publication, too, may be the other pipeline's.
  await refuseSlotOfAnother(options, client, parts);
  await parts.ensureTopics(options);
  // Slot before log: a capture that runs meanwhile confirms what it has appended. Swapped, a record appended between
  // the two reads would make the slot look ahead of the log.
  const slot = await readSlot(client, source.slot);
  const last = await parts.readLastPosition(options);
  // Both before the slot is made. The slot sees what was logged after it: rows without their long values, or changes of
  // a table that no publication held yet, would be in its way for ever.
  if (!readBack) await ensureReplicaIdentity(client, tables);
  await ensurePublication(client, {
    name: source.publication,
    tables,
    begun: last ? Object.keys(last.copies) : [],
  });
  const { publication, slot: slotName } = source;
  await noteSlot(client, { publication, pipeline: options.pipeline.name, slot: slotName, begun: last !== null });
  if (last) return adopt(options, { client, system, slot, last, parts });
  return begin(options, { client, system, slot, tables, parts });
}

/** Names of pipelines that differ in `-` and `_` alone have one default slot. A pipeline with a log of its own was let in before. */
async function refuseSlotOfAnother(options: CaptureOptions, client: Client, parts: CaptureParts): Promise<void> {
  const { name, source } = options.pipeline;
  const other = otherOwner(await readSlotNotes(client), { pipeline: name, slot: source.slot });
  if (other === null || (await readSlot(client, source.slot)) === null) return;
  if ((await parts.readLastPosition(options)) === null) refuseOthersSlot(source.slot, other);
}

/** The log exists: nothing is made that would hide a gap, only judged. */
async function adopt(
  options: CaptureOptions,
  input: { client: Client; system: SourceSystem; slot: SlotRow | null; last: PositionRecord; parts: CaptureParts },
): Promise<{ logId: string }> {
  const { client, slot, last, parts } = input;
  if (options.logId !== null && options.logId !== last.logId) throw logReplaced(options, last.logId);
  // After the log's last position, for the same reason: the WAL may be written and captured between the two.
  const system = { ...input.system, flushLsn: await readFlushLsn(client) };
  const blocked = parts.judgeSource({ slotName: options.pipeline.source.slot, slot, system, last });
  if (blocked) throw blocked;
  return { logId: last.logId };
}

/** A new log, begun where the slot begins: everything before is the copy's to find. */
async function begin(
  options: CaptureOptions,
  input: {
    client: Client;
    system: SourceSystem;
    slot: SlotRow | null;
    tables: readonly TableSchema[];
    parts: CaptureParts;
  },
): Promise<{ logId: string }> {
  const { client, system, tables, parts } = input;
  const slotName = options.pipeline.source.slot;
  if (options.logId !== null) throw logReplaced(options, null);
  // A slot without a log: an attempt died between the two, or the topics were deleted. Its confirmed position is where
  // a new log begins either way, since nothing was ever appended to it.
  const slot = input.slot ?? (await createSlot(client, slotName));
  refuseUnfinished(slot);
  const first = {
    systemId: system.systemId,
    timeline: system.timeline,
    position: { lsn: slot.confirmedLsn ?? '0', index: 0 },
  };
  const blocked = parts.judgeSource({
    slotName,
    slot,
    system: { ...system, flushLsn: await readFlushLsn(client) },
    last: first,
  });
  if (blocked) throw blocked;
  const logId = randomUUID();
  const writer = await parts.openWriter(options, { logId, systemId: system.systemId, timeline: system.timeline });
  try {
    const schemas = fingerprints(tables);
    const closing = { position: first.position, closed: true, copies: {}, committedAt: 0, schemas };
    await writer.append([], { ...closing, described: true }, tables.map(schemaVersion));
    return { logId };
  } finally {
    await writer.close();
  }
}

export function logReplaced({ pipeline, logId }: CaptureOptions, found: string | null): Blocked {
  return new Blocked(
    'log-replaced',
    `The log ${pipeline.log.prefix} is ${found === null ? 'empty' : found}, not ${logId ?? 'one that was prepared'}: its ` +
      'topics were deleted or written by another pipeline. Stop this pipeline and start it with another log.prefix.',
  );
}
