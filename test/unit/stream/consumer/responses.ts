import { createRequire } from 'node:module';

/** kafkajs' own encoders, which the responses of these tests are made with. */
const load = createRequire(__filename) as (name: string) => unknown;

interface Encoder {
  readonly buffer: Buffer;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: string): Encoder;
  writeString(value: string): Encoder;
  writeBytes(value: Buffer): Encoder;
}
const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (of: object) => Promise<{ readonly buffer: Buffer }>;
};
const encodeRecord = load('kafkajs/src/protocol/recordBatch/record/v0') as (of: object) => unknown;
const KafkaEncoder = load('kafkajs/src/protocol/encoder') as new () => Encoder;
const { decode } = load('kafkajs/src/protocol/requests/fetch/v11/response') as {
  decode: (bytes: Buffer) => Promise<unknown>;
};

const magicAt = 16;

export interface RecordSpec {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>;
  readonly offsetDelta: number;
  readonly timestampDelta: number;
}

export interface BatchSpec {
  readonly firstOffset: number;
  readonly firstTimestamp: number;
  readonly producerId: number;
  readonly transactional: boolean;
  readonly control: boolean;
  readonly appendTime: boolean;
  readonly compression: 0 | 1;
  readonly records: readonly RecordSpec[];
}

export interface PartitionSpec {
  readonly partition: number;
  readonly errorCode: number;
  readonly high: number;
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[];
  readonly batches: readonly BatchSpec[];
  /** The last bytes of the record set that the fetch had no room for. */
  readonly cut: number;
}

export async function encodeBatch(spec: BatchSpec): Promise<Buffer> {
  const { buffer } = await RecordBatch({
    ...{ firstOffset: spec.firstOffset, compression: spec.compression, transactional: spec.transactional },
    ...{ firstTimestamp: spec.firstTimestamp, maxTimestamp: spec.firstTimestamp + 7, producerId: spec.producerId },
    ...{ lastOffsetDelta: spec.records.at(-1)?.offsetDelta ?? 0, partitionLeaderEpoch: 3, producerEpoch: 2 },
    records: spec.records.map((record) => encodeRecord({ ...record, timestamp: spec.firstTimestamp })),
  });
  const attributes = buffer.readInt16BE(21) | (spec.control ? 0x20 : 0) | (spec.appendTime ? 0x08 : 0);
  buffer.writeInt16BE(attributes, 21);
  return buffer;
}

/** A Fetch response of version 11. */
export async function encodeResponse(topics: Readonly<Record<string, readonly PartitionSpec[]>>): Promise<Buffer> {
  const response = new KafkaEncoder().writeInt32(5).writeInt16(0).writeInt32(77);
  response.writeInt32(Object.keys(topics).length);
  for (const [topic, partitions] of Object.entries(topics)) {
    response.writeString(topic).writeInt32(partitions.length);
    for (const { partition, errorCode, high, aborted, batches, cut } of partitions) {
      response.writeInt32(partition).writeInt16(errorCode).writeInt64(String(high)).writeInt64(String(high));
      response.writeInt64('0').writeInt32(aborted.length);
      for (const { producerId, firstOffset } of aborted) {
        response.writeInt64(String(producerId)).writeInt64(String(firstOffset));
      }
      const set = Buffer.concat(await Promise.all(batches.map(encodeBatch)));
      const left = set.length - cut;
      // kafkajs fails at a piece of a batch so short that it does not say which format it has.
      response.writeInt32(-1).writeBytes(set.subarray(0, left > magicAt ? left : 0));
    }
  }
  return response.buffer;
}

/** What kafkajs makes of it. */
export const decodedByKafkajs = decode;
