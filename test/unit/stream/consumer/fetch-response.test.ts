import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { decodeFetchResponse } from '../../../../stream/consumer/fetch-response';
import { announceSeed } from '../../../support/random';
import { decodedByKafkajs, encodeBatch, encodeResponse, type BatchSpec, type PartitionSpec } from './responses';

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array)),
  fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
  fc.constant(Buffer.alloc(5_000, 'x')),
);
const headers = fc.oneof(
  fc.constant({ logId: Buffer.from('the same for all') }),
  fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), bytes, { noNullPrototype: true }),
  fc.record({ twice: fc.tuple(bytes, bytes) }),
);
const batch: fc.Arbitrary<BatchSpec> = fc.record({
  firstOffset: fc.nat(),
  firstTimestamp: fc.oneof(fc.integer({ min: 1.6e12, max: 2e12 }), fc.constant(-1)),
  producerId: fc.oneof(fc.constant(-1), fc.nat(), fc.constant(2 ** 40)),
  transactional: fc.boolean(),
  control: fc.boolean(),
  appendTime: fc.boolean(),
  compression: fc.constant(0 as const),
  records: fc
    .array(
      fc.record({
        key: fc.option(bytes),
        value: fc.option(bytes),
        headers,
        offsetDelta: fc.integer({ min: 1, max: 200 }),
        timestampDelta: fc.integer({ min: -1_000, max: 100_000 }),
      }),
      { maxLength: 6 },
    )
    // Offsets go up, with holes.
    .map((records) => records.map((record, at) => ({ ...record, offsetDelta: at * 200 + record.offsetDelta }))),
});
const partition: fc.Arbitrary<PartitionSpec> = fc.record({
  partition: fc.nat({ max: 50 }),
  errorCode: fc.constantFrom(0, 1, 6),
  high: fc.nat(),
  aborted: fc.array(fc.record({ producerId: fc.nat(), firstOffset: fc.nat() }), { maxLength: 2 }),
  batches: fc.array(batch, { maxLength: 4 }),
  cut: fc.oneof(fc.constant(0), fc.nat({ max: 300 })),
});
const topics = fc.dictionary(fc.stringMatching(/^[a-z.]{1,12}$/), fc.array(partition, { maxLength: 3 }), {
  maxKeys: 3,
  noNullPrototype: true,
});

test('a response is what kafkajs makes of it, to the last byte of every record', async () => {
  const seed = announceSeed('fetch responses');
  await fc.assert(
    fc.asyncProperty(topics, async (specs) => {
      const response = await encodeResponse(specs);
      const [ours, theirs] = [decodeFetchResponse(response), await decodedByKafkajs(response)];
      // Jest's own comparison takes its time; it is for telling the difference.
      if (!isDeepStrictEqual(ours, theirs)) expect(ours).toEqual(theirs);
    }),
    { seed, numRuns: 200 },
  );
});

const one: BatchSpec = {
  ...{ firstOffset: 7, firstTimestamp: 1_700_000_000_000, producerId: 3 },
  ...{ transactional: true, control: false, appendTime: false, compression: 0 },
  records: [{ key: Buffer.from('k'), value: Buffer.from('v'), headers: {}, offsetDelta: 0, timestampDelta: 0 }],
};
const responseOf = (batches: readonly BatchSpec[]) =>
  encodeResponse({ t: [{ partition: 0, errorCode: 0, high: 9, aborted: [], batches, cut: 0 }] });

test('compressed records, and batches of before Kafka 0.11, are left to kafkajs', async () => {
  expect(decodeFetchResponse(await responseOf([one, { ...one, compression: 1 }]))).toBeNull();
  const response = await responseOf([one]);
  const at = response.indexOf(await encodeBatch(one));
  response.writeInt8(1, at + 16);
  expect(decodeFetchResponse(response)).toBeNull();
});

test('offsets beyond what a number holds exactly are left to kafkajs', async () => {
  expect(decodeFetchResponse(await responseOf([{ ...one, firstOffset: 2 ** 53 - 2 ** 31 - 1 }]))).not.toBeNull();
  expect(decodeFetchResponse(await responseOf([{ ...one, firstOffset: 2 ** 53 - 1 }]))).toBeNull();
});

test('of a damaged response nothing is made up', async () => {
  const response = await responseOf([one]);
  const at = response.indexOf(await encodeBatch(one)) + 61;
  // The record says that it is longer than its batch; or its key that it is longer than the record.
  for (const place of [at, at + 4]) {
    const damaged = Buffer.from(response);
    damaged.writeUInt8(100, place);
    expect(() => decodeFetchResponse(damaged)).toThrow(/out of range|behind/);
  }
  expect(() => decodeFetchResponse(response.subarray(0, 20))).toThrow(/out of range|behind/);
});
