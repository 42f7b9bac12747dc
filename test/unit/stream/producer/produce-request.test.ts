import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { encodeProduceBody } from '../../../../stream/producer/produce-request';
import { PartitionRecords } from '../../../../stream/producer/partition-records';
import { createHeaderEncoder, type HeaderEncoder, type Payload } from '../../../../stream/producer/records';
import { partitionOf } from '../../../../stream/partition';
import { BatchWriter, type WrittenBatch } from '../../../../stream/written-batch';
import { roomBetween, WrittenRecord } from '../../../../stream/written-record';
import { seededRandom, type SeededRandom } from '../seeded-random';

const load = createRequire(__filename);
const { protocol } = load('kafkajs/src/protocol/requests/produce') as {
  protocol: (of: { version: number }) => (input: object) => { request: { encode(): Promise<{ buffer: Buffer }> } };
};
const compression = load('kafkajs/src/protocol/message/compression') as {
  Codecs: Record<number, () => { compress(encoded: { buffer: Buffer }): Promise<Buffer> }>;
};

/** kafkajs brings gzip; of the others only the frame around what a codec makes is ours, so any codec will do. */
const toy = { compress: ({ buffer }: { buffer: Buffer }) => Promise.resolve(Buffer.from(buffer).reverse()) };
const codecs = [2, 3, 4];
const kept = codecs.map((type) => [type, compression.Codecs[type]] as const);
beforeAll(() => codecs.forEach((type) => (compression.Codecs[type] = () => toy)));
afterAll(() => kept.forEach(([type, codec]) => codec && (compression.Codecs[type] = codec)));

const compressAs = (type: number) => (buffer: Buffer) =>
  type === 1 ? Promise.resolve(gzipSync(buffer)) : toy.compress({ buffer });

/** Lengths on both sides of every border of a varint, and of a power of two at which kafkajs' buffers grow. */
const lengths = [0, 1, 2, 31, 62, 63, 64, 65, 127, 128, 511, 512, 513, 8_191, 8_192, 8_193, 70_000];
const letters = ['a', 'é', '漢', '😀', '\0', '"'];

function bytes(random: SeededRandom): Buffer {
  const length = random.below(12) === 0 ? random.pick(lengths) : random.below(100);
  if (random.below(2) === 0) return Buffer.from(Array.from({ length }, () => random.below(256)));
  return Buffer.from(Array.from({ length }, () => random.pick(letters)).join(''));
}

/** A record's own headers: the same objects again and again, one of them with a name that every record has. */
const own = [{}, { schema: Buffer.from('7') }, { logId: Buffer.alloc(0), ü: Buffer.alloc(130) }];

function payloads(random: SeededRandom): Payload[] {
  const count = random.below(20) === 0 ? random.pick([63, 64, 65, 300]) : 1 + random.below(8);
  return Array.from({ length: count }, () => ({
    key: bytes(random),
    value: random.below(5) === 0 ? null : bytes(random),
    ...(random.below(3) === 0 ? { headers: random.pick(own) } : {}),
  }));
}

function written(record: Payload): Payload {
  const { key, value, headers } = record;
  if (value === null || headers !== undefined) return record;
  const before = 7;
  const keyEnd = before + key.length;
  const memory = Buffer.alloc(keyEnd + roomBetween + value.length + 3, 0xee);
  memory.set(key, before);
  memory.set(value, keyEnd + roomBetween);
  const end = keyEnd + roomBetween + value.length;
  const made = WrittenRecord.of('shop.public.orders', 4, { memory, key: before, keyEnd, end });
  expect({ key: made.key, value: made.value, partition: made.partition }).toEqual({
    ...{ key, value, partition: partitionOf(key, 4) },
  });
  return made;
}

/** Values that are there are written in place, all else as records; little room at first. */
function batchOf(records: readonly Payload[], encodeHeaders: HeaderEncoder): WrittenBatch {
  const batch = new BatchWriter({ encodeHeaders, mostBytes: Infinity }, 16);
  for (const record of records) {
    const { key, value, headers } = record;
    if (value === null || headers !== undefined) {
      batch.add([record]);
      continue;
    }
    const at = batch.open(key.length, value.length + 7);
    batch.memory.set(value, at);
    expect(batch.close(Buffer.concat([key, Buffer.from('more')]), key.length, at + value.length)).toBe(true);
  }
  const made = batch.end();
  const named = (all: Iterable<Payload>) => [...all].map(({ key, value }) => ({ key, value }));
  expect(named(made)).toEqual(named(records));
  return made;
}

function headersOf(random: SeededRandom): Record<string, Buffer> {
  const names = ['logId', 'ключ', 'x'.repeat(70), ''].slice(0, random.below(5));
  return Object.fromEntries(names.map((name) => [name, bytes(random)]));
}

/** One input twice: as kafkajs takes it, and as we do. */
function draw(random: SeededRandom, timestamp: number) {
  const headers = headersOf(random);
  const encoded = createHeaderEncoder(headers);
  const around = {
    acks: random.pick([-1, 1]),
    timeout: random.below(60_000),
    transactionalId: random.pick([null, 'slipstream/shop', 'größe']),
    producerId: random.pick(['0', '4001', '9007199254740993', '9223372036854775807']),
    producerEpoch: random.below(32_768),
    compression: random.pick([0, 0, 0, 1, 2, 3, 4]),
  };
  const topics = Array.from({ length: 1 + random.below(3) }, (_, at) => ({
    topic: `${random.pick(['shop.public.orders', 'größe'])}${at}`,
    partitions: Array.from({ length: 1 + random.below(4) }, (_, partition) => ({
      partition: String(partition * 3),
      firstSequence: random.pick([0, 1, 2_147_483_646]),
      records: payloads(random),
    })),
  }));
  const input = <Messages>(messagesOf: (records: Payload[]) => Messages) => ({
    ...around,
    topicData: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ records, ...rest }) => ({ ...rest, messages: messagesOf(records) })),
    })),
  });
  return {
    theirs: input((records) =>
      records.map((record) => ({ ...record, headers: { ...headers, ...record.headers }, timestamp })),
    ),
    // Where it can be as capture writes its rows: one behind the other in memory that they share; or as the copy does, a batch as it is sent.
    ours: input((records) =>
      random.below(2) === 0 ? new PartitionRecords(records.map(written), encoded) : batchOf(records, encoded),
    ),
  };
}

test('byte for byte what kafkajs makes of the same input', async () => {
  const random = seededRandom();
  const seen = new Set<number>();
  for (let run = 0; run < 120; run += 1) {
    const timestamp = 1_600_000_000_000 + random.below(1e9);
    const { theirs, ours } = draw(random, timestamp);
    const version = 3 + random.below(5);
    const expected = (await protocol({ version })(theirs).request.encode()).buffer;
    const made = (await encodeProduceBody(ours, timestamp, compressAs(ours.compression))).buffer;
    if (!made.equals(expected)) {
      const at = made.findIndex((byte, index) => byte !== expected[index]);
      throw new Error(`run ${run}: ${made.length} bytes of ${expected.length}, other at byte ${at}`);
    }
    seen.add(ours.compression);
  }
  expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
});

test('a record of nearly a mebibyte, beside an empty one', async () => {
  const records = [
    { key: Buffer.alloc(0), value: Buffer.alloc(1_000_000, 'ü') },
    { key: Buffer.alloc(0), value: Buffer.alloc(0) },
  ];
  const input = (messages: unknown) => ({
    ...{ acks: -1, timeout: 30_000, transactionalId: 't', producerId: '1', producerEpoch: 0, compression: 0 },
    topicData: [{ topic: 'shop.public.orders', partitions: [{ partition: '0', firstSequence: 0, messages }] }],
  });
  const theirs = input(records.map((record) => ({ ...record, timestamp: 7, headers: {} })));
  const ours = input(new PartitionRecords(records, createHeaderEncoder({})));
  const made = (await encodeProduceBody(ours as Parameters<typeof encodeProduceBody>[0], 7, compressAs(0))).buffer;
  expect(made.equals((await protocol({ version: 7 })(theirs).request.encode()).buffer)).toBe(true);
});

test('control: one bit of one value is another request', async () => {
  const of = async (value: Buffer) => {
    const body = await encodeProduceBody(
      {
        ...{ acks: -1, timeout: 1, producerId: '1', producerEpoch: 0, compression: 0 },
        topicData: [
          {
            topic: 't',
            partitions: [
              {
                ...{ partition: 0, firstSequence: 0 },
                messages: new PartitionRecords([{ key: Buffer.from('k'), value }], createHeaderEncoder({})),
              },
            ],
          },
        ],
      },
      7,
      compressAs(0),
    );
    return body.buffer;
  };
  const [one, other] = [await of(Buffer.from([1])), await of(Buffer.from([3]))];
  // The value, and the four bytes of the check.
  expect(one.filter((byte, at) => byte !== other[at]).length).toBeGreaterThan(1);
});
