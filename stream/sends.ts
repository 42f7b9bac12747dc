import { Blocked } from '../model/errors';
import type { ProducerKind } from '../model/settings';
import type { EncodedRecord } from './log';
import { isSupply, listed, type Records, type Send } from './supply';
import { contentBytesOf } from './written-record';

/**
 * The brokers' limit holds per partition *batch*, headers and framing included, and kafkajs does not split: beyond this
 * many bytes a partition's records go on in the next send. A single record that is larger makes a batch of its own. Topics of
 * ours would take sixteen times as much, but not their readers: a lane fetches 1 MiB of a partition at once, and of a larger
 * batch gets its beginning, which is thrown away, as often as other partitions have something for it.
 */
const maxPartitionBytes = 1_040_000;
/** The stock producer groups a send in quadratic time per partition; 1,000 a send measured best. */
const maxSendRecords: Readonly<Record<ProducerKind, number>> = { stock: 1_000, fast: Infinity };
/** Keeps one request below the brokers' `socket.request.max.bytes` and a slow network below the request time-out. */
export const maxSendBytes = 8_000_000;
/** Batch framing per record: lengths, deltas and the headers' names; the headers' values come on top. */
const recordOverhead = 32;
/** What a batch of one record has besides its key and value, headers included, with room to spare. */
const batchRoom = 4_096;

/** Bytes that key and value of one record may have together, where the topics take batches of `maxMessageBytes`. */
export function recordLimit(maxMessageBytes: number): number {
  return Math.max(0, maxMessageBytes - batchRoom);
}

/** What a batch of a topic with this limit may have (`splitIntoSends`). */
export function batchLimit(maxRecordBytes: number): number {
  // Topics that were made by others may take less.
  return Math.min(maxPartitionBytes, maxRecordBytes);
}

/** An append's sends, one behind the other. Those of a list are cut at once, so that a record which none could carry is found first. */
export function sendsOf(records: Records, limits: Parameters<typeof splitIntoSends>[1]): { next(): Send } {
  if (isSupply(records) && limits.producer === 'fast') return records;
  const lists = splitIntoSends(listed(records), limits);
  let at = 0;
  return {
    next() {
      const places = groupByPlace(lists[at] ?? []);
      at += 1;
      return { places, last: at >= lists.length };
    },
  };
}

/**
 * Splits records into sends, each within the limits, order kept. Throws `Blocked` for a record no send could carry: the
 * last guard, since whoever encodes them asks for the limit before (`stream/oversized.ts`).
 */
export function splitIntoSends(
  records: readonly EncodedRecord[],
  limits: { readonly headerBytes: number; readonly maxRecordBytes: number; readonly producer: ProducerKind },
): EncodedRecord[][] {
  const maxRecords = maxSendRecords[limits.producer];
  const maxBytes = batchLimit(limits.maxRecordBytes);
  const sends: EncodedRecord[][] = [];
  let send: EncodedRecord[] = [];
  let sendBytes = 0;
  // Asked for each record, so no text is made of topic and partition: they come in runs of one topic.
  let topics = new Map<string, number[]>();
  let last: { topic: string; bytes: number[] } | null = null;
  const partitionsOf = (topic: string) => {
    if (last?.topic === topic) return last.bytes;
    let bytes = topics.get(topic);
    if (!bytes) topics.set(topic, (bytes = []));
    last = { topic, bytes };
    return bytes;
  };
  for (const record of records) {
    const content = contentBytesOf(record);
    if (content > limits.maxRecordBytes) throw tooLarge(record, content, limits.maxRecordBytes);
    const bytes = content + limits.headerBytes + headerBytesOf(record) + recordOverhead;
    const { topic, partition } = record;
    const inPartition = (partitionsOf(topic)[partition] ?? 0) + bytes;
    const full = send.length >= maxRecords || sendBytes + bytes > maxSendBytes || inPartition > maxBytes;
    if (full && send.length > 0) {
      sends.push(send);
      send = [];
      sendBytes = 0;
      topics = new Map();
      last = null;
    }
    send.push(record);
    sendBytes += bytes;
    const sizes = partitionsOf(topic);
    sizes[partition] = (sizes[partition] ?? 0) + bytes;
  }
  if (send.length > 0) sends.push(send);
  return sends;
}

/** topic → partition → its records, in order. */
export function groupByPlace(records: readonly EncodedRecord[]): Map<string, Map<number, EncodedRecord[]>> {
  const places = new Map<string, Map<number, EncodedRecord[]>>();
  for (const record of records) {
    let partitions = places.get(record.topic);
    if (!partitions) places.set(record.topic, (partitions = new Map<number, EncodedRecord[]>()));
    const list = partitions.get(record.partition);
    if (list) list.push(record);
    else partitions.set(record.partition, [record]);
  }
  return places;
}

function headerBytesOf({ headers }: EncodedRecord): number {
  if (headers === undefined) return 0;
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) bytes += name.length + value.length + 4;
  return bytes;
}

function tooLarge({ topic, partition }: EncodedRecord, bytes: number, limit: number): Blocked {
  return new Blocked(
    'oversized',
    `A record for ${topic}, partition ${partition}, takes ${bytes} bytes, and its topic takes ${limit}. Nothing was ` +
      'appended. Raise log.maxMessageBytes, and max.message.bytes of the topics.',
  );
}
