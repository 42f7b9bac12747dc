import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ProducerKind } from '../../../model/settings';
import type { EncodedRecord } from '../../../stream/log';
import { prepareFastProducer } from '../../../stream/producer/fast';
import { openMessageForm } from '../../../stream/producer/message-form';
import { groupByPlace } from '../../../stream/sends';
import { dumpSegment, readWithJava } from '../../support/java-consumer';
import { CompressionTypes } from '../../support/kafka';
import { compiled, testAddress } from '../../support/project';
import { announceSeed, seeded, type Random } from '../../support/random';
import { LogFixture, closing } from './log-fixture';

jest.setTimeout(180_000);

const letters = ['a', 'Z', '"', '\\', 'é', 'ß', '漢', '😀', '\n', '\t', '\u0000'];
const text = (random: Random, length: number) =>
  Array.from({ length }, () => letters[random.between(0, letters.length - 1)]).join('');

/** Rows as they are and as they never are: empty, long, tombstones, no letter of ASCII. */
function drawn(random: Random, topic: string, count: number): EncodedRecord[] {
  const some = Array.from({ length: count }, (_, at) => ({
    ...{ topic, partition: random.between(0, 1) },
    key: Buffer.from(`${at} ${text(random, random.between(0, 80))}`),
    value: random.between(0, 4) === 0 ? null : Buffer.from(text(random, random.between(0, 300))),
  }));
  const odd = [Buffer.alloc(0), Buffer.alloc(870_000, 'ü'), null, Buffer.from('漢')].map((value) => ({
    ...{ topic, partition: 1, value },
    key: Buffer.alloc(0),
  }));
  return [...some, ...odd];
}

/** Partition → its records in order, every byte as text. */
function inOrder(records: readonly { partition: number; offset?: number; key: string; value: string | null }[]) {
  const ordered = [...records].sort((a, b) => a.partition - b.partition || (a.offset ?? 0) - (b.offset ?? 0));
  return [0, 1].map((partition) =>
    ordered.filter((one) => one.partition === partition).map(({ key, value }) => [key, value]),
  );
}

const asText = (records: readonly EncodedRecord[]) =>
  inOrder(
    records.map(({ partition, key, value }) => ({
      ...{ partition, key: key.toString() },
      value: value?.toString() ?? null,
    })),
  );

interface Line {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

async function readWithKafkajs(topic: string, count: number): Promise<Line[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [compiled('test/support/topic-reader.js'), testAddress('kafka'), topic, String(count)],
    { maxBuffer: 1 << 28 },
  );
  const lines = stdout.trimEnd().split('\n');
  const plain = (base64: string) => Buffer.from(base64, 'base64').toString();
  return lines.map((line) => {
    const one = JSON.parse(line) as Line;
    return { ...one, key: plain(one.key), value: one.value === null ? null : plain(one.value) };
  });
}

describe.each<ProducerKind>(['fast', 'stock'])('what the %s producer writes', (producer) => {
  test('is read by other clients, byte for byte, in the order of each partition', async () => {
    const random = seeded(announceSeed(`wire ${producer}`));
    const log = await LogFixture.create(['public.a'], 2);
    const [topic = ''] = Object.keys(log.topics);
    const records = drawn(random, topic, 300);
    const writer = await log.writer({ producer });
    const half = records.length >> 1;
    await writer.append(records.slice(0, half), closing(10));
    await log.disturb(1, [topic]);
    await (await log.writer({ producer })).append(records.slice(half), closing(20));

    const java = await readWithJava(testAddress('kafka'), topic, records.length);
    expect(inOrder(java)).toEqual(asText(records));
    expect(new Set(java.map(({ headers }) => headers))).toEqual(new Set([`logId:${log.logId}`]));

    const kafkajs = await readWithKafkajs(topic, records.length);
    expect(inOrder(kafkajs)).toEqual(asText(records));
    const logId = Buffer.from(log.logId).toString('base64');
    expect(kafkajs.every(({ headers }) => headers['logId'] === logId)).toBe(true);
    await log.close();
  });

  test('lies on the disk as whole batches with the right check, of one transaction each', async () => {
    const log = await LogFixture.create(['public.a'], 1);
    const [topic = ''] = Object.keys(log.topics);
    const writer = await log.writer({ producer });
    await writer.append(log.records(700), closing(10));
    const dump = await dumpSegment(segmentOf(topic));
    const batches = dump
      .split('\n')
      .filter((line) => line.startsWith('baseOffset:') && !line.includes('isControl: true'));
    expect(batches.length).toBeGreaterThan(0);
    expect(
      batches.filter((line) => !line.includes('isvalid: true') || !line.includes('isTransactional: true')),
    ).toEqual([]);
    expect(batches.reduce((sum, line) => sum + Number(/ count: (\d+)/.exec(line)?.[1]), 0)).toBe(700);
    await log.close();
  });
});

test.each([
  ['none', CompressionTypes.None],
  ['gzip', CompressionTypes.GZIP],
])('the fast encoder honours the codec it is asked for: %s', async (_name, compression) => {
  const random = seeded(announceSeed('codecs'));
  expect(await prepareFastProducer()).toBeNull();
  const log = await LogFixture.create(['public.a'], 2);
  const [topic = ''] = Object.keys(log.topics);
  const records = drawn(random, topic, 50);
  const form = await openMessageForm('fast', { headers: { logId: Buffer.from('x') }, log: undefined });
  const producer = log.kafka().producer({ idempotent: true });
  await producer.connect();
  const messages = form.toMessages(groupByPlace(records).get(topic) ?? new Map());
  await producer.sendBatch({ acks: -1, compression, topicMessages: [{ topic, messages }] });
  await producer.disconnect();
  expect(inOrder(await readWithJava(testAddress('kafka'), topic, records.length))).toEqual(asText(records));
  await log.close();
});

/** The first segment of a topic's partition 0 on the disk of the stack's broker (stack/servers/kafka.js). */
function segmentOf(topic: string): string {
  const stack = process.env['SLIPSTREAM_TEST_STACK'] ?? '';
  const segment = join(stack, 'kafka', 'data', `${topic}-0`, '00000000000000000000.log');
  if (!existsSync(segment)) throw new Error(`The broker of SLIPSTREAM_TEST_STACK has no ${segment}.`);
  return segment;
}
