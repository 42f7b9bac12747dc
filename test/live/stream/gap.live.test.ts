import { offsetOf } from '../../../model/offsets';
import type { LogBatch } from '../../../stream/log';
import type { Kafka } from '../../support/kafka';
import { addPartitions, deleteRecords, recreateTopic } from '../../support/log-damage';
import { LogFixture, closing, dayMs, readUntil, valuesOf } from './log-fixture';

jest.setTimeout(360_000);

const never = new AbortController().signal;

describe('a gap is an error (Invariant 9)', () => {
  let log: LogFixture;
  let topic: string;
  let half: LogBatch;
  beforeEach(async () => {
    log = await LogFixture.create(['public.a'], 1);
    topic = `${log.prefix}.public.a`;
    const writer = await log.writer();
    for (let at = 0; at < 10; at += 1) await writer.append(log.records(10, at * 10), closing(10 + at));
    const reader = await log.reader();
    await reader.seek({});
    const pieces = await readUntil(reader, 50, () => true);
    half = pieces[0] as LogBatch;
    await reader.close();
  });
  afterEach(() => log.close());

  const deleteBelow = (offset: string) => deleteRecords(log.kafka(), topic, offset);

  test('records deleted below the lane are its past, records deleted ahead of it are log-truncated', async () => {
    const next = offsetOf(half.next, topic, 0) ?? '';
    await deleteBelow(next);
    const reader = await log.reader();
    await reader.seek(half.next);
    expect(valuesOf(await readUntil(reader, 1_000, (one) => one.position.lsn === '19')).length).toBe(
      100 - half.records.length,
    );
    const cut = String(Number(next) + 5);
    await deleteBelow(cut);
    await expect(reader.seek(half.next)).rejects.toMatchObject({
      name: 'Blocked',
      reason: 'log-truncated',
      message: expect.stringContaining(
        `${topic}, partition 0, begins at offset ${cut} and the lane stands at ${next}`,
      ) as string,
    });
    await expect((await log.reader()).seek({})).rejects.toMatchObject({ reason: 'log-truncated' });
  });

  test('control: unless asked and listened to, Kafka lets a reader pass over what was deleted', async () => {
    const next = Number(offsetOf(half.next, topic, 0));
    await deleteBelow(String(next + 5));
    const reader = await log.reader({ kafka: unquestioned(log.kafka()) });
    await reader.seek(half.next);
    const values = valuesOf(await readUntil(reader, 1_000, (one) => one.position.lsn === '19'));
    expect(values.length).toBeGreaterThan(0);
    expect(values.length).toBeLessThan(100 - half.records.length);
  });

  test('a topic made again is log-replaced', async () => {
    await recreateTopic(log.kafka(), topic, 1);
    await expect((await log.reader()).seek(half.next)).rejects.toMatchObject({ reason: 'log-replaced' });
  });

  test('records deleted under a reader that waits with full buffers are log-truncated, not passed over', async () => {
    const writer = await log.writer();
    const filler = Buffer.alloc(4_000, 'x');
    for (let at = 0; at < 10; at += 1) {
      const records = log.records(200).map((record) => ({ ...record, value: filler }));
      await writer.append(records, closing(100 + at));
    }
    const reader = await log.reader({ bufferBytes: 1 });
    await reader.seek(half.next);
    await readUntil(reader, 300, (one) => Number(one.position.lsn) >= 100);
    const end = writer.last?.ends[topic]?.['0'] ?? '';
    await deleteBelow(String(Number(end) - 10));
    await expect(readUntil(reader, 300, (one) => one.position.lsn === '109')).rejects.toMatchObject({
      reason: 'log-truncated',
    });
  });

  test('an added partition is log-replaced', async () => {
    await addPartitions(log.kafka(), topic, 2);
    await expect((await log.reader()).seek(half.next)).rejects.toMatchObject({ reason: 'log-replaced' });
  });

  test('another log under the same names is log-replaced', async () => {
    const reader = await log.reader({ logId: 'another' });
    await reader.seek(half.next);
    await expect(readUntil(reader, 10, () => true)).rejects.toMatchObject({ reason: 'log-replaced' });
  });

  test('a lane that rested longer than the window is log-truncated, one that is at the end is not', async () => {
    const late = await log.reader({ now: () => Date.now() + 8 * dayMs });
    await late.seek(half.next);
    await expect(readUntil(late, 10, () => true)).rejects.toMatchObject({ reason: 'log-truncated' });
    const all = await log.reader({ now: () => Date.now() + 8 * dayMs });
    await all.seek({});
    const pieces = await readUntil(all, 1_000, (one) => one.closed);
    expect(valuesOf(pieces).length).toBe(100);
    await all.close();
    const resting = await log.reader({ now: () => Date.now() + 8 * dayMs });
    await resting.seek(pieces[pieces.length - 1]?.next ?? {});
    // Until it knows that it stands at the end: at every look before there is nothing, and no gap.
    do expect(await resting.next({ maxRecords: 10, waitMs: 100, signal: never })).toBeNull();
    while (!resting.ahead().caughtUp);
  });
});

/** A client that always says that logs begin at 0, and never tells of its own requests. */
function unquestioned(kafka: Kafka): Kafka {
  const admin: Kafka['admin'] = (config) => {
    const real = kafka.admin(config);
    const fetchTopicOffsets: typeof real.fetchTopicOffsets = async (topic) =>
      (await real.fetchTopicOffsets(topic)).map((one) => ({ ...one, low: '0' }));
    return { ...real, fetchTopicOffsets };
  };
  const consumer: Kafka['consumer'] = (config) => {
    const real = kafka.consumer(config);
    const on = (event: string, listener: (event: never) => void) =>
      event === real.events.REQUEST ? () => undefined : real.on(event as 'consumer.connect', listener as () => void);
    return { ...real, on: on as typeof real.on };
  };
  return { admin, consumer, producer: (config) => kafka.producer(config), logger: () => kafka.logger() };
}
