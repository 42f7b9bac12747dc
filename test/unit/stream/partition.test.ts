import { Partitioners } from 'kafkajs';
import { partitionOf } from '../../../stream/partition';
import { seededRandom } from './seeded-random';

test('a key is in the partition where every other Kafka client looks for it', () => {
  const random = seededRandom();
  const partitioner = Partitioners.DefaultPartitioner();
  for (let run = 0; run < 3_000; run += 1) {
    const key = Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)));
    const partitions = 1 + random.below(64);
    const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
      partitionId,
      partitionErrorCode: 0,
      leader: 1,
      replicas: [],
      isr: [],
    }));
    const theirs = partitioner({ topic: 't', partitionMetadata, message: { key, value: null } });
    expect({ key: key.toString('hex'), partition: partitionOf(key, partitions) }).toEqual({
      key: key.toString('hex'),
      partition: theirs,
    });
  }
});

test('a key whose bytes are known has a partition that is known', () => {
  // From the Java client (Utils.murmur2). Rows live where this says: when this test fails, every existing log is broken. Mend the code, never the test.
  expect(
    ['{"id":1}', '{"id":"42"}', '{"order":"7","line":3}', 'ü'].map((key) => partitionOf(Buffer.from(key), 4)),
  ).toEqual([0, 3, 0, 2]);
});
