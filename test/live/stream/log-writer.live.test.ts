import { LogFixture, closing, readUntil, valuesOf } from './log-fixture';
import type { ProducerKind } from '../../../model/settings';
import { readLastPosition } from '../../../stream/positions';
import { readSchemaVersions } from '../../../stream/schemas';

jest.setTimeout(180_000);

describe.each<ProducerKind>(['fast', 'stock'])('the log writer, %s', (producer) => {
  let log: LogFixture;
  beforeEach(async () => {
    log = await LogFixture.create(undefined, undefined, producer);
  });
  afterEach(() => log.close());

  test('begins with an empty log, and its ends name every partition', async () => {
    const writer = await log.writer();
    expect(writer.last).toBeNull();
    const record = await writer.append([], closing(10));
    expect(record.ends).toEqual({
      [`${log.prefix}.public.a`]: { '0': '0', '1': '0' },
      [`${log.prefix}.public.b`]: { '0': '0', '1': '0' },
    });
  });

  test('a successor goes on from the last record, whatever aborted transactions lie between', async () => {
    const first = await log.writer();
    await first.append(log.records(6), closing(10));
    const last = await first.append(log.records(3, 6), closing(20));
    await log.disturb(30);
    const second = await log.writer();
    expect(second.last).toEqual(last);
    const next = await second.append(log.records(1, 9), closing(30));
    const reader = await log.reader();
    await reader.seek({});
    const pieces = await readUntil(reader, 100, (piece) => piece.position.lsn === '30');
    expect(
      valuesOf(pieces)
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // The ends count the last record and not the markers of aborted transactions behind the others.
    const ofRecord = pieces.flatMap((piece) => piece.records).find((record) => record.value?.toString() === '9');
    expect(next.ends[ofRecord?.topic ?? '']?.[String(ofRecord?.partition)]).toBe(String(Number(ofRecord?.offset) + 1));
  });

  test('the last record is found behind hundreds of markers', async () => {
    const writer = await log.writer();
    const record = await writer.append(log.records(1), closing(10));
    await log.disturb(120, [`${log.prefix}.positions`]);
    const last = await readLastPosition({ kafka: log.kafka(), prefix: log.prefix });
    expect(last?.record).toEqual(record);
    expect(last?.offset).toBe('0');
  });

  test('versions of tables are kept with the records that name them, each once, and none of an append that failed', async () => {
    const place = { kafka: log.kafka(), prefix: log.prefix };
    expect(await readSchemaVersions(place)).toEqual(new Map());
    const version = (id: string) => ({ id, name: 'public.a', relationId: 1, columns: [], key: ['id'] });
    const writer = await log.writer();
    await writer.append(log.records(1), closing(10), [version('one'), version('two')]);
    await writer.append([], closing(20), [version('one')]);
    const [record] = log.records(1);
    if (!record) throw new Error('no record');
    const large = { ...record, value: Buffer.alloc(1_100_000) };
    await expect(writer.append([large], closing(30), [version('never')])).rejects.toThrow();
    await log.writer(); // its fence ends what the other left open
    const kept = await readSchemaVersions(place);
    expect([...kept]).toEqual([
      ['one', version('one')],
      ['two', version('two')],
    ]);
    const { record: last } = (await readLastPosition(place)) ?? {};
    expect(Object.keys(last?.ends ?? {})).not.toContain(`${log.prefix}.schemas`);
  });

  test('an append larger than a batch of the brokers is one transaction of several sends', async () => {
    const writer = await log.writer();
    const filler = Buffer.alloc(5_000, 'x');
    const records = log.records(3_000).map((record) => ({ ...record, value: filler }));
    const { ends } = await writer.append(records, closing(10));
    const counted = Object.values(ends).flatMap((partitions) => Object.values(partitions).map(Number));
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(3_000);
    const reader = await log.reader();
    await reader.seek({});
    const pieces = await readUntil(reader, 10_000, (piece) => piece.closed);
    expect(pieces.flatMap((piece) => piece.records).length).toBe(3_000);
  });

  test('what is too large for one batch of a partition is split, which kafkajs would not do', async () => {
    const writer = await log.writer();
    const [record] = log.records(1);
    if (!record) throw new Error('no record');
    const records = [1, 2, 3].map((byte) => ({ ...record, value: Buffer.alloc(700_000, byte) }));
    await writer.append(records, closing(10));
    // Control: the same by kafkajs alone.
    const producer = log.kafka().producer({ retry: { retries: 0 } });
    await producer.connect();
    const { topic, partition } = record;
    const messages = records.map(({ key, value }) => ({ key, value, partition }));
    await expect(producer.send({ topic, messages })).rejects.toThrow('larger than the max message size');
    await producer.disconnect();
  });

  test('a record of 15 MiB goes among small ones, and a lane with small buffers reads them all', async () => {
    const wide = await LogFixture.create(['public.a', 'public.b'], 2, producer, 16 * 1024 * 1024);
    try {
      const writer = await wide.writer({ maxMessageBytes: 64 * 1024 * 1024 });
      // The topics have the last word.
      expect(writer.maxRecordBytes).toBe(16 * 1024 * 1024 - 4_096);
      const large = Buffer.alloc(15 * 1024 * 1024, 'x');
      const records = wide.records(12).map((record, at) => (at % 4 === 1 ? { ...record, value: large } : record));
      await writer.append(records, closing(10));
      const reader = await wide.reader({ bufferBytes: 1_000_000 });
      await reader.seek({});
      const pieces = await readUntil(reader, 100, (piece) => piece.closed);
      const found = pieces.flatMap((piece) => piece.records.map(({ value }) => value?.length));
      expect(found.sort()).toEqual(records.map(({ value }) => value?.length).sort());
    } finally {
      await wide.close();
    }
  });

  test('a record that is too large kills the writer before anything is sent', async () => {
    const writer = await log.writer();
    const [record] = log.records(1);
    if (!record) throw new Error('no record');
    const large = { ...record, value: Buffer.alloc(1_100_000) };
    await expect(writer.append([record, large], closing(10))).rejects.toMatchObject({ reason: 'oversized' });
    expect((await log.writer()).last).toBeNull();
  });

  test('a log of another id, or with other partition counts, is not written to', async () => {
    await (await log.writer()).append([], closing(10));
    await expect(log.writer({ logId: 'another' })).rejects.toMatchObject({ reason: 'log-replaced' });
    const topics = { [`${log.prefix}.public.a`]: 3 };
    await expect(log.writer({ topics })).rejects.toMatchObject({ reason: 'log-replaced' });
  });
});
