import { Body, roomBefore } from './body';
import { crc32c } from './crc32c';
import type { WrittenBatch } from '../written-batch';
import type { PartitionRecords } from './partition-records';

/** What kafkajs knows when it makes a Produce request. Names are its own. */
export interface ProduceInput {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null;
  /** 64 bits, in whichever form kafkajs keeps them: its text is decimal digits. */
  readonly producerId: { toString(): string };
  readonly producerEpoch: number;
  /** As its `CompressionTypes`: 0 is none. */
  readonly compression: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number | string;
      readonly messages: PartitionRecords | WrittenBatch;
      readonly firstSequence: number;
    }[];
  }[];
}

export type Compress = (bytes: Buffer) => Promise<Buffer>;

/** A partition's records as they go into a batch. */
interface Section {
  readonly bytes: number;
  write(into: Buffer, at: number): void;
}

/** Of a batch, up to its records (https://kafka.apache.org/documentation/#recordbatch). */
const batchHeaderBytes = 61;
/** First offset and length: what stands before the part that the length counts. */
const beforeLengthBytes = 12;
/** The check covers everything behind itself. */
const checkedFrom = 21;
const transactionalBit = 16;

/**
 * The body of a Produce request, versions 3 to 7 (they differ in their number and in nothing else), in one buffer of the
 * right size, byte for byte what kafkajs makes of the same input, with room before it. `now` is every record's time, milliseconds since the
 * Unix epoch. `compress` is asked for nothing when `compression` is 0.
 */
export async function encodeProduceBody(input: ProduceInput, now: number, compress: Compress): Promise<Body> {
  const { transactionalId = null, acks, timeout, topicData } = input;
  const id = transactionalId === null ? null : Buffer.from(transactionalId);
  const topics = await Promise.all(
    topicData.map(async ({ topic, partitions }) => ({
      name: Buffer.from(topic),
      partitions: await Promise.all(
        partitions.map(async (of) => ({
          ...{ partition: Number(of.partition), firstSequence: of.firstSequence, count: of.messages.length },
          section: await sectionOf(of.messages, input.compression, compress),
        })),
      ),
    })),
  );
  // Not from a pool: what stands before it must be its own.
  const body = Buffer.allocUnsafeSlow(roomBefore + sizeOf(id, topics)).subarray(roomBefore);
  let at = writeString(body, 0, id);
  at = body.writeInt16BE(acks, at);
  at = body.writeInt32BE(timeout, at);
  at = body.writeInt32BE(topics.length, at);
  const producerId = BigInt(input.producerId.toString());
  for (const { name, partitions } of topics) {
    at = writeString(body, at, name);
    at = body.writeInt32BE(partitions.length, at);
    for (const { partition, section, count, firstSequence } of partitions) {
      const end = at + 8 + batchHeaderBytes + section.bytes;
      at = body.writeInt32BE(partition, at);
      at = body.writeInt32BE(end - at - 4, at);
      writeBatch(body.subarray(at, end), {
        attributes: input.compression | (id === null ? 0 : transactionalBit),
        ...{ section, count, now, producerId, firstSequence, producerEpoch: input.producerEpoch },
      });
      at = end;
    }
  }
  return new Body(body);
}

async function sectionOf(
  messages: PartitionRecords | WrittenBatch,
  compression: number,
  compress: Compress,
): Promise<Section> {
  const plain: Section = {
    bytes: messages.bytes,
    write: (into, at) => void messages.writeTo(into, at),
  };
  if (compression === 0) return plain;
  const bytes = Buffer.allocUnsafe(plain.bytes);
  plain.write(bytes, 0);
  const compressed = await compress(bytes);
  return { bytes: compressed.length, write: (into, at) => into.set(compressed, at) };
}

function sizeOf(
  id: Buffer | null,
  topics: readonly { readonly name: Buffer; readonly partitions: readonly { readonly section: Section }[] }[],
): number {
  let size = 2 + (id?.length ?? 0) + 2 + 4 + 4;
  for (const { name, partitions } of topics) {
    size += 2 + name.length + 4;
    for (const { section } of partitions) size += 8 + batchHeaderBytes + section.bytes;
  }
  return size;
}

function writeBatch(
  batch: Buffer,
  of: {
    readonly attributes: number;
    readonly section: Section;
    readonly count: number;
    readonly now: number;
    readonly producerId: bigint;
    readonly producerEpoch: number;
    readonly firstSequence: number;
  },
): void {
  let at = batch.writeBigInt64BE(0n, 0); // first offset: the broker's to give
  at = batch.writeInt32BE(batch.length - beforeLengthBytes, at);
  at = batch.writeInt32BE(0, at); // leader epoch: the broker's too
  at = batch.writeInt8(2, at); // format version
  at = batch.writeInt32BE(0, at); // the check, below
  at = batch.writeInt16BE(of.attributes, at);
  at = batch.writeInt32BE(of.count - 1, at);
  at = batch.writeBigInt64BE(BigInt(of.now), at);
  at = batch.writeBigInt64BE(BigInt(of.now), at);
  at = batch.writeBigInt64BE(of.producerId, at);
  at = batch.writeInt16BE(of.producerEpoch, at);
  at = batch.writeInt32BE(of.firstSequence, at);
  at = batch.writeInt32BE(of.count, at);
  of.section.write(batch, at);
  batch.writeUInt32BE(crc32c(batch.subarray(checkedFrom)), checkedFrom - 4);
}

function writeString(into: Buffer, at: number, text: Buffer | null): number {
  const next = into.writeInt16BE(text?.length ?? -1, at);
  if (text) into.set(text, next);
  return next + (text?.length ?? 0);
}
