import { createRequire } from 'node:module';
import { unknownKafkajs } from '../known-kafkajs';
import { WrittenBatch } from '../written-batch';
import { Body, carryBodies, roomBefore, type EncoderClass } from './body';
import { PartitionRecords, groupedMessages } from './partition-records';
import { encodeProduceBody, type Compress, type ProduceInput } from './produce-request';
import { createHeaderEncoder, type Payload } from './records';

/** The parts of kafkajs that are looked at, as that version has them. */
type Group = (of: { topic: string; partitionMetadata: unknown[]; messages: unknown; partitioner: unknown }) => unknown;
interface ProduceDefinitions {
  protocol: (of: { readonly version: number }) => (input: unknown) => Produce;
}
interface Produce {
  readonly request: { readonly encode: () => Promise<Encoded> };
}
/** Of its `Encoder`, what those who are handed one ask for. */
interface Encoded {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}
type CreateRequest = (of: {
  readonly correlationId: number;
  readonly clientId: string;
  readonly request: { readonly apiKey: number; readonly apiVersion: number; readonly encode: () => Promise<Encoded> };
}) => Promise<Pick<Encoded, 'buffer'>>;
interface Compression {
  readonly lookupCodec: (type: number) => { readonly compress: (encoded: Pick<Encoded, 'buffer'>) => Promise<Buffer> };
}

let prepared: Promise<string | null> | undefined;

/**
 * Teaches the kafkajs of this process to send `groupedMessages`; what other producers send goes as ever. Resolves with
 * null when it can now, else with the reason. Repeatable.
 */
export function prepareFastProducer(): Promise<string | null> {
  prepared ??= prepare(createRequire(__filename)).catch((error: unknown) => String(error));
  return prepared;
}

/**
 * `load` is `require`. No request is made otherwise unless everything is as it is known to be: to see that, encoders are taught to take
 * a `Body`, which nobody else has.
 */
export async function prepare(load: (name: string) => unknown): Promise<string | null> {
  const unknown = unknownKafkajs(load);
  if (unknown !== null) return unknown;
  const group = load('kafkajs/src/producer/groupMessagesPerPartition') as Group;
  const definitions = load('kafkajs/src/protocol/requests/produce') as ProduceDefinitions;
  const { lookupCodec } = load('kafkajs/src/protocol/message/compression') as Compression;
  const { protocol } = definitions;
  if (!groupsAsKnown(group)) return 'kafkajs groups messages differently';
  if (!(await encodesAsKnown(protocol))) return 'kafkajs encodes a Produce request differently';
  carryBodies(load('kafkajs/src/protocol/encoder') as EncoderClass);
  if (!(await framesAsKnown(load('kafkajs/src/protocol/request') as CreateRequest)))
    return 'kafkajs frames a request differently';
  const compressWith =
    (type: number): Compress =>
    (buffer) =>
      lookupCodec(type).compress({ buffer });
  definitions.protocol = (of) => {
    const make = protocol(of);
    return (input) => {
      const made = make(input);
      if (!isOurs(input)) return made;
      const encode = () => encodeProduceBody(input, Date.now(), compressWith(input.compression));
      return { ...made, request: { ...made.request, encode } };
    };
  };
  return null;
}

function isOurs(input: unknown): input is ProduceInput {
  const { topicData } = input as { topicData: readonly { partitions: readonly { messages: unknown }[] }[] };
  return topicData.every(({ partitions }) =>
    partitions.every(({ messages }) => messages instanceof PartitionRecords || messages instanceof WrittenBatch),
  );
}

const sample: readonly Payload[] = [
  { key: Buffer.from('{"id":"1"}'), value: Buffer.from('{"name":"Zoë"}') },
  { key: Buffer.from(''), value: null, headers: { schema: Buffer.from('1') } },
];
const sampleHeaders = { logId: Buffer.from('sample') };

function groupsAsKnown(group: Group): boolean {
  const messages = groupedMessages(new Map([[3, sample]]), createHeaderEncoder(sampleHeaders));
  const groups = group({ topic: 'sample', partitionMetadata: [{}], messages, partitioner: () => 0 });
  const found = (groups as Partial<Record<string, unknown>>)['3'];
  return found instanceof PartitionRecords && found.records === sample && messages.find(() => true) === undefined;
}

/** One request made both ways, versions 3 and 7: brokers may ask for any between. */
async function encodesAsKnown(protocol: ProduceDefinitions['protocol']): Promise<boolean> {
  const timestamp = 1_700_000_000_000;
  const around = { acks: -1, timeout: 30_000, transactionalId: 'sample', compression: 0 };
  const producer = { producerId: '8589934592', producerEpoch: 7 };
  const of = (messages: unknown) => ({
    ...{ ...around, ...producer },
    topicData: [{ topic: 'sample', partitions: [{ partition: '3', firstSequence: 5, messages }] }],
  });
  const theirs = sample.map((record) => ({
    ...{ ...record, timestamp },
    headers: { ...sampleHeaders, ...record.headers },
  }));
  const ours = of(new PartitionRecords(sample, createHeaderEncoder(sampleHeaders))) as ProduceInput;
  const expected = await encodeProduceBody(ours, timestamp, () => Promise.reject(new Error('not compressed')));
  for (const version of [3, 7]) {
    const { buffer } = await protocol({ version })(of(theirs)).request.encode();
    if (!expected.buffer.equals(buffer)) return false;
  }
  return true;
}

/** The same request around a body that is copied and around one that is not. */
async function framesAsKnown(createRequest: CreateRequest): Promise<boolean> {
  const bytes = Buffer.alloc(2_000, 'body');
  const framed = async (body: Encoded) => {
    const encode = () => Promise.resolve(body);
    const request = { apiKey: 0, apiVersion: 7, encode };
    return (await createRequest({ correlationId: 7, clientId: 'sample', request })).buffer;
  };
  const copied = await framed({ buf: bytes, buffer: bytes });
  const memory = Buffer.allocUnsafeSlow(roomBefore + bytes.length);
  memory.set(bytes, roomBefore);
  return copied.equals(await framed(new Body(memory.subarray(roomBefore))));
}
